// Calls of tools: so many at once, so long, and not the same again at once.

import { Failure } from '../../../base/failure.js';
import { Slots } from '../../../base/slots.js';
import type { McpOptions } from '../../../schema/mcp-options.js';
import { callTool, type ToolAnswer, type ToolParts, type ToolRequest } from './call-tool.js';
import type { McpTool } from './mcp-tools.js';
import { GivenArguments } from './tool-arguments.js';

/** Answers that are kept, of up to 256 KiB each. */
const MAX_KEPT = 64;

interface KeptAnswer {
  readonly answer: ToolAnswer;
  readonly untilMs: number;
}

/** A call took longer than `mcp_call_timeout_ms`. */
export class CallTimeout extends Failure {
  constructor(timeoutMs: number) {
    super('queryTimedOut', `the call took longer than mcp_call_timeout_ms = ${timeoutMs}, and was ended`);
  }
}

export class ToolCalls {
  readonly #parts: ToolParts;
  readonly #options: McpOptions;
  readonly #slots: Slots;
  /** By tenant, tool and arguments; the oldest first. */
  readonly #kept = new Map<string, KeptAnswer>();

  constructor(parts: ToolParts, options: McpOptions) {
    this.#parts = parts;
    this.#options = options;
    const slots = options.mcp_max_concurrent || Number.POSITIVE_INFINITY;
    this.#slots = new Slots('calls of tools', { slots, maxWaiting: 0 });
  }

  /** Rejects with a Failure: `overloaded` where there are too many, CallTimeout where it took too long. */
  async call(tool: McpTool, given: Readonly<Record<string, unknown>>, request: ToolRequest): Promise<ToolAnswer> {
    const nowMs = Date.now();
    const asked = tool.asked(new GivenArguments(tool.arguments, given, nowMs));
    const { tenant, permissions } = request.principal;
    const key = JSON.stringify([tenant ?? null, [...permissions], tool.name, Object.entries(given).sort()]);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.untilMs > nowMs) return kept.answer;
    const answer = await this.#slots.use(request.signal, () =>
      this.#inTime(request.signal, (signal) => callTool(this.#parts, asked, { ...request, signal })),
    );
    this.#keep(key, answer);
    return answer;
  }

  async #inTime(signal: AbortSignal, call: (signal: AbortSignal) => Promise<ToolAnswer>): Promise<ToolAnswer> {
    const timeoutMs = this.#options.mcp_call_timeout_ms;
    if (timeoutMs === 0) return call(signal);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new CallTimeout(timeoutMs)), timeoutMs);
    try {
      return await call(AbortSignal.any([signal, late.signal]));
    } catch (error) {
      // APIs have words of their own for a query that was ended.
      late.signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #keep(key: string, answer: ToolAnswer): void {
    const ttlMs = this.#options.mcp_cache_ttl_ms;
    if (ttlMs === 0) return;
    this.#kept.delete(key);
    this.#kept.set(key, { answer, untilMs: Date.now() + ttlMs });
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }
}
