// biome-ignore-all lint/suspicious/noTemplateCurlyInString: test files say ${name} too
// `expectations: 'update'`: what a file says afterwards, and that it then passes.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runTestFile, type TestFileResult } from '../src/sqllogictest.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slt-self-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function update(text: string): Promise<{ result: TestFileResult; text: string }> {
  const path = join(folder, 'given.test');
  await writeFile(path, text);
  const result = await runTestFile(path, { expectations: 'update' });
  return { result, text: await readFile(path, 'utf8') };
}

describe('an expectation is updated', () => {
  for (const [name, before, after] of [
    ['values', 'query I\nSELECT 1\n----\n2\n', 'query I\nSELECT 1\n----\n1\n'],
    [
      'none at all',
      'query I\nSELECT 1\n\nquery I\nSELECT 2\n----\n2',
      'query I\nSELECT 1\n----\n1\n\nquery I\nSELECT 2\n----\n2',
    ],
    ['to no rows', 'query I\nFROM range(0)\n----\n1\n\n# end\n', 'query I\nFROM range(0)\n----\n\n# end\n'],
    [
      'but for the lines that hold',
      'query IT\nVALUES (1, [1.0]), (2, [2.0])\n----\n1\t\t<REGEX>:.*1.*\n2\t\t<REGEX>:.*1.*\n',
      'query IT\nVALUES (1, [1.0]), (2, [2.0])\n----\n1\t\t<REGEX>:.*1.*\n2\t[2.0]\n',
    ],
    ['sorted', 'query I rowsort\nVALUES (2), (1)\n----\n', 'query I rowsort\nVALUES (2), (1)\n----\n1\n2\n'],
    [
      'a hash',
      'query I\nSELECT 1\n----\n1 values hashing to 00000000000000000000000000000000\n',
      'query I\nSELECT 1\n----\n1 values hashing to b026324c6904b2a9cb4b88d6d61c81d1\n',
    ],
    [
      'the text of an error',
      'statement error\nSELECT nothing\n----\nParser Error\n',
      'statement error\nSELECT nothing\n----\nBinder Error: Referenced column "nothing" was not found because the FROM clause is missing\n',
    ],
    [
      'a path in the directory of the run',
      "query T\nSELECT '__TEST_DIR__/a'\n----\nb\n",
      "query T\nSELECT '__TEST_DIR__/a'\n----\n__TEST_DIR__/a\n",
    ],
    [
      'in a loop whose rounds agree',
      'loop i 0 2\n\nquery I\nSELECT ${i} < 2\n----\nfalse\n\nendloop\n',
      'loop i 0 2\n\nquery I\nSELECT ${i} < 2\n----\n1\n\nendloop\n',
    ],
    ['with its line ends', 'query I\r\nSELECT 1\r\n----\r\n2\r\n', 'query I\r\nSELECT 1\r\n----\r\n1\r\n'],
  ] as const) {
    test(name, async () => {
      const first = await update(before);
      expect(first.result).toMatchObject({ status: 'updated', expectations: 1 });
      expect(first.text).toBe(after);
      expect((await update(after)).result).toMatchObject({ status: 'passed' });
    });
  }
});

describe('a file fails and stays as it is', () => {
  for (const [name, text, summary] of [
    ['if a value has a line break', 'query T\nSELECT chr(10)\n----\nx\n', 'wrong result in row 1'],
    ['if the number of columns differs', 'query I\nSELECT 1, 2\n----\n1\n', 'expected 1 column, got 2'],
    ['if a statement fails', 'statement ok\nSELECT nothing\n', 'the statement failed'],
    ['if an error is missing', 'statement error\nSELECT 1\n----\nError\n', 'the statement succeeded'],
    ['if rounds of a loop differ', 'loop i 0 2\n\nquery I\nSELECT ${i}\n----\n7\n\nendloop\n', 'wrong result in row 1'],
    [
      'if only a later round of a loop holds',
      'loop i 0 2\n\nquery I\nSELECT ${i}\n----\n1\n\nendloop\n',
      'the rounds of a loop give different results, which one expectation cannot hold',
    ],
  ] as const) {
    test(name, async () => {
      const { result, text: after } = await update(text);
      expect(result).toMatchObject({ status: 'failed', failure: { summary: expect.stringContaining(summary) } });
      expect(after).toBe(text);
    });
  }
});

test('what was updated before a failure stays', async () => {
  const { result, text } = await update('query I\nSELECT 1\n----\n2\n\nstatement ok\nSELECT nothing\n');
  expect(result).toMatchObject({ status: 'failed', failure: { line: 6 } });
  expect(text).toBe('query I\nSELECT 1\n----\n1\n\nstatement ok\nSELECT nothing\n');
});
