import { LONGEST_TIMER_MS } from '../base/longest-timer.js';
import { flag, type OptionValues, wholeNumber } from './option-declaration.js';

/** Options of what answers agents. */
export const mcpOptions = {
  // An agent asks one after the other. Further ones would wait behind people's dashboards.
  mcp_max_concurrent: wholeNumber({
    sqlType: 'UBIGINT',
    max: 10_000,
    default: 32,
    doc: 'Maximum number of calls of MCP tools at work. Further ones fail. 0: no limit but those of all queries.',
  }),
  mcp_call_timeout_ms: wholeNumber({
    sqlType: 'UBIGINT',
    max: LONGEST_TIMER_MS,
    default: 30_000,
    doc: 'How long one call of an MCP tool may take. Its query is then ended. 0: as long as queries may.',
  }),
  mcp_cache_ttl_ms: wholeNumber({
    sqlType: 'UBIGINT',
    max: LONGEST_TIMER_MS,
    default: 5000,
    doc: 'How long the answer of an MCP tool is given again to the same question of the same tenant. 0: not at all.',
  }),
  mcp_sql: flag({ default: false, doc: 'Offer agents the tool `query_sql`: SELECTs, fenced as over HTTP.' }),
};
export type McpOptions = OptionValues<typeof mcpOptions>;
