// `otelduck load` in a process of its own.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageFolder } from '../../src/base/package-folder.js';
import type { LoadReport } from '../../src/load/load-report.js';

export function load(args: readonly (string | number)[]): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    const words = [join(packageFolder, 'bin/otelduck.cjs'), 'load', '--json', ...args.map(String)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      try {
        resolve(JSON.parse(out) as LoadReport);
      } catch {
        reject(new Error(`otelduck load ${args.join(' ')} ended with ${code}: ${out}`));
      }
    });
  });
}
