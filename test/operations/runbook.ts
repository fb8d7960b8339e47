// A page with `sh` blocks → one script, which a shell runs as a reader would type it. A `text` block after a block is what that block
// prints.

import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePorts } from '../lake/support/free-ports.js';

const command = resolve('bin/otelduck.cjs');
const LIMIT_MS = 100_000;

export interface Block {
  readonly script: string;
  /** What it is to print. Undefined where the page does not say. */
  readonly output: string | undefined;
}

export function blocksOf(page: string): Block[] {
  const found: { script: string; output: string | undefined }[] = [];
  for (const [, language, body] of page.matchAll(/^```(sh|text)\n(.*?)^```$/gms)) {
    if (language === 'sh') found.push({ script: body!, output: undefined });
    else found.at(-1)!.output = body!;
  }
  return found;
}

export interface Ran {
  readonly exitCode: number | null;
  /** Of each block that was reached. */
  readonly outputs: readonly string[];
  readonly stderr: string;
}

/** Runs the blocks in a folder of their own, in which `log.json` is, with `otelduck` on the path and ports that are free. */
export async function runBlocks(blocks: readonly Block[], extensions: string | undefined): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-runbook-'));
  try {
    mkdirSync(join(folder, 'bin'));
    const program = join(folder, 'bin/otelduck');
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`);
    chmodSync(program, 0o755);
    mkdirSync(join(folder, '.duckdb'));
    if (extensions !== undefined) symlinkSync(extensions, join(folder, '.duckdb/extensions'));
    copyFileSync('examples/log.json', join(folder, 'log.json'));
    const ports = await freePorts(3);
    const here = (script: string) =>
      ['4318', '4338', '9494'].reduce(
        (script_, port, i) => script_.replaceAll(`localhost:${port}`, `127.0.0.1:${ports[i]}`),
        script,
      );
    const end = (i: number) => `printf '\\0%s\\0' ${i}\n`;
    const script = blocks.map((block, i) => here(block.script) + end(i)).join('');
    const child = spawn(
      'bash',
      ['-c', `set -euo pipefail; trap 'kill -KILL $(jobs -p) 2>/dev/null || true' EXIT\n${script}`],
      {
        cwd: folder,
        env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, HOME: folder, TZ: 'UTC' },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: LIMIT_MS,
      },
    );
    const ended = new Promise<number | null>((resolveCode) => child.on('close', resolveCode));
    const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    const logs = exitCode === 0 ? '' : serviceLogs(folder);
    return { exitCode, outputs: stdout.split(/\0\d+\0/).slice(0, blocks.length), stderr: stderr + logs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For whoever looks into a page that fails. */
function serviceLogs(folder: string): string {
  try {
    return readFileSync(join(folder, 'service.log'), 'utf8');
  } catch {
    return '';
  }
}
