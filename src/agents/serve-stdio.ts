// `otelduck mcp`: an agent on standard input and output → the tools of a server of queries, which answers by HTTP.

import { once } from 'node:events';
import { ProtocolError, Server } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { packageVersion } from '../base/package-version.js';

export interface ToolServer {
  /** Such as `http://localhost:4338`. */
  readonly url: string;
  readonly token: string | undefined;
}

interface Answer {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

const INTERNAL = -32603;

/** Resolves when the agent has closed its side. */
export async function serveAgent(
  server: ToolServer,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Promise<void> {
  const ended = once(input, 'close');
  // Asked once, so that an agent learns at the start what is wrong.
  await asked(server, 'tools/list', {});
  const handle = serveStdio(
    () => {
      const tools = new Server({ name: 'otelduck', version: packageVersion }, { capabilities: { tools: {} } });
      tools.setRequestHandler('tools/list', async () => (await asked(server, 'tools/list', {})) as { tools: [] });
      tools.setRequestHandler(
        'tools/call',
        async ({ params: { name, arguments: given = {} } }, { mcpReq: { signal } }) =>
          (await asked(server, 'tools/call', { name, arguments: given }, signal)) as { content: [] },
      );
      return tools;
    },
    { transport: new StdioServerTransport(input, output) },
  );
  await ended;
  await handle.close();
}

/** What the server answers. Its query ends when the signal is aborted: the request ends then. */
async function asked(
  { url, token }: ToolServer,
  method: string,
  params: object,
  signal?: AbortSignal,
): Promise<unknown> {
  const response = await fetch(`${url.replace(/\/+$/, '')}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  if (!response.ok) throw new ProtocolError(INTERNAL, `${url} answered ${response.status}: ${text}`);
  const { result, error } = answerIn(text);
  if (error !== undefined) throw new ProtocolError(error.code, error.message);
  return result;
}

/** A message of JSON, or the one in a stream of events. */
function answerIn(text: string): Answer {
  const event = /^data: (.*)$/m.exec(text)?.[1];
  return JSON.parse(event ?? text) as Answer;
}
