import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const source = new URL('../src/', import.meta.url);

/** What other languages of ours import must not drag PromQL's parser or evaluator behind it. */
const leaves = ['annotations', 'label-name', 'go-text', 'position', 'string-literal', 'token'];

for (const folder of ['data', 'histogram', 'vector']) {
  test(`${folder} knows nothing of the syntax tree, the parser and the evaluator`, () => {
    for (const file of readdirSync(new URL(`${folder}/`, source))) {
      const text = readFileSync(new URL(`${folder}/${file}`, source), 'utf8');
      for (const [, path = ''] of text.matchAll(/from '(\.\.\/[^']+)\.js'/g)) {
        const isAllowed = /^\.\.\/(?:data|histogram|vector)\//.test(path) || leaves.includes(path.split('/').at(-1)!);
        expect([file, path, isAllowed]).toEqual([file, path, true]);
      }
    }
  });
}
