import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import { readScript, ScriptRun } from './script/run-script.js';

const folder = new URL('scripts/', import.meta.url);

for (const file of readdirSync(folder)) {
  describe(file, () => {
    const run = new ScriptRun();
    for (const command of readScript(readFileSync(new URL(file, folder), 'utf8'))) {
      test(`${file}:${command.line} ${command.name} ${command.argument}`, () => run.run(command));
    }
  });
}
