import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Signal } from '../../src/schema/column-declaration.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
export const capturesFolder = path.resolve(checkout, process.env['OTELDUCK_CAPTURES'] ?? '../shared/data/http');

/** A request as a sender once made it. */
export interface Capture {
  readonly name: string;
  readonly signal: Signal;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly body: Uint8Array;
}

/** All captures: files with a `<file>.hdr.json` beside them, which has the path and the headers. Undefined: no folder. */
export function readCaptures(): Capture[] | undefined {
  if (!existsSync(capturesFolder)) return undefined;
  const files = readdirSync(capturesFolder);
  return files.filter((name) => files.includes(`${name}.hdr.json`)).map(readCapture);
}

interface RecordedHead {
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

function readCapture(name: string): Capture {
  const file = path.join(capturesFolder, name);
  const head = JSON.parse(readFileSync(`${file}.hdr.json`, 'utf8')) as RecordedHead;
  const header = (wanted: string) => head.headers.find(([given]) => given.toLowerCase() === wanted)?.[1];
  const [, signal] = /\/v1\/(logs|traces|metrics)$/.exec(head.path) ?? [];
  if (signal === undefined) throw new Error(`${name} was sent to ${head.path}, which is no signal's path`);
  return {
    name,
    signal: signal as Signal,
    contentType: header('content-type') ?? '',
    contentEncoding: header('content-encoding') ?? 'identity',
    body: readFileSync(file),
  };
}
