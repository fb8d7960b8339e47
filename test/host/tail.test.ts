// `.tail` follows the rows that this process's servers accept, while they are being committed.

import { describe, expect, test } from 'vitest';
import type { DuckDBPlugin } from '../../src/plugin.js';
import { send } from '../support/http-client.js';
import { logsRequest, metricsRequest, pathOf, spansRequest } from '../support/telemetry.js';
import { command, run, type Started, start } from './command.js';
import { runText } from './shell-in-process.js';

const TOKEN = 'a-token-for-tests';

/** Starts a server that commits every 20 ms, and then runs the lines given. Resolves with how to post to it. */
async function serving(shell: Started, ...lines: string[]) {
  shell.child.stdin.write(
    `CALL otlp_serve('otlp:127.0.0.1:0', token := '${TOKEN}', seal_max_age_ms := 20);\n${lines.join('\n')}\n.print ready\n`,
  );
  const port = Number(/otlp:127\.0\.0\.1:(\d+)/.exec(await shell.until('stdout', /otlp:127\.0\.0\.1:\d+/))![1]);
  await shell.until('stdout', /^ready$/m);
  return async (path: string, body: Uint8Array) => {
    const headers = { 'content-type': 'application/x-protobuf', authorization: `Bearer ${TOKEN}` };
    expect((await send({ port, path, headers, body })).status).toBe(202);
  };
}

/** What was written after the line "ready". */
function followed(shell: Started): string {
  return shell.stdout().split('ready\n')[1]!;
}

describe('.tail', () => {
  test('prints each new row once, in lines of JSON for programs, until it is interrupted', async () => {
    const shell = start(['-json'], { program: command });
    const post = await serving(shell);
    await post(pathOf.logs, logsRequest(1, 'before '));
    shell.child.stdin.write(".tail logs WHERE body LIKE 'new %'\n.print never\n");
    // It begins when it is asked for, and nothing says when that is.
    for (let i = 0; !shell.stdout().includes('"new '); i++) {
      await post(pathOf.logs, logsRequest(1, `new ${i}:`));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await post(pathOf.logs, logsRequest(2, 'other '));
    for (let i = 0; i < 40; i++) await post(pathOf.logs, logsRequest(3, `new after ${i}:`));
    await shell.until('stdout', /new after 39:2/);
    shell.child.kill('SIGINT');
    const { exitCode, stderr } = await shell.ended;
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/^otlp:127\.0\.0\.1:\d+ stopped, \d+ rows? committed\n$/);
    const bodies = followed(shell)
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { body: string }).body);
    expect(new Set(bodies).size).toBe(bodies.length);
    const expected = Array.from({ length: 40 }, (_, i) => [0, 1, 2].map((row) => `new after ${i}:${row}`)).flat();
    expect(bodies.slice(-expected.length)).toEqual(expected);
    expect(bodies.filter((body) => !body.startsWith('new '))).toEqual([]);
  });

  for (const [kind, body, path, line] of [
    ['logs', logsRequest(1, 'order '), pathOf.logs, '22:13:20.000  log                 unknown   order 0'],
    // It was a number of nanoseconds, and a status code.
    ['traces', spansRequest(1), pathOf.traces, '22:13:20.000  span      0.005 ms  unknown   span 0'],
    ['metrics_sum', metricsRequest(), pathOf.metrics, '22:13:20.000  metric           7  unknown   a.sum'],
    [
      'metrics_histogram',
      metricsRequest(),
      pathOf.metrics,
      '22:13:20.000  metric              unknown   a.histogram ×1',
    ],
  ] as const) {
    test(`shows people a line for each row of ${kind}`, async () => {
      const shell = start([], { program: command });
      const post = await serving(shell);
      shell.child.stdin.write(`.tail ${kind};\n`);
      const header = 'time          kind         value  service   body or name';
      await shell.until('stdout', new RegExp(`^${header}$`, 'm'));
      await post(path, body);
      await shell.until('stdout', new RegExp(`${line}$`, 'm'));
      shell.child.kill('SIGINT');
      expect((await shell.ended).exitCode).toBe(130);
      expect(followed(shell)).toBe(`${header}\n${line}\n`);
    });
  }

  for (const [text, error] of [
    ['', '.tail: expected what to follow, such as logs, got nothing'],
    ['logs LIMIT 3', '.tail: expected WHERE, got LIMIT 3'],
    ['lgs', '.tail: Invalid Input Error: kind of otlp_tail() must be one of logs, traces, metrics_gauge,'],
    ['logs WHERE nope = 1', '.tail: Binder Error: Referenced column "nope" not found'],
  ] as const) {
    test(`.tail ${text} says what is wrong`, async () => {
      const { stderr, exitCode } = await run([], { program: command, input: `.tail ${text}\n` });
      expect(stderr).toContain(error);
      expect(stderr).not.toContain('LINE 1');
      expect(exitCode).toBe(1);
    });
  }

  // It knew the kinds of rows of one plugin.
  test('asks the plugin that has the kind, and the first one for a kind that none has', async () => {
    const plugins = ['drums', 'horns'].map(pluginWith);
    const written = await runText('.tail horns\n.tail HORNS\n.tail flutes\n', { plugins });
    expect(written.stderr.match(/no rows of \w+ in \w+/g)).toEqual([
      'no rows of horns in horns',
      'no rows of horns in horns',
      'no rows of flutes in drums',
    ]);
    expect((await runText('.tail horns\n')).stderr).toContain('.tail: no plugin has rows to follow');
  });
});

/** A plugin with one kind of rows to follow, of which there are none. */
function pluginWith(kind: string): DuckDBPlugin {
  const failing = (asked: string) => `SELECT error('no rows of ${asked} in ${kind}')`;
  return {
    name: kind,
    arrivals: { kinds: [kind], plurals: {}, rowsSql: failing, linesSql: failing },
    attach: async (instance) => ({
      connect: () => instance.connect(),
      register: async () => {},
      close: async () => [],
    }),
  };
}
