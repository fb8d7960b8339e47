// The built files of the pages → answers. Their names have a hash of what is in them, so that browsers keep them for good.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { extname, join } from 'node:path';
import { Failure } from '../../../base/failure.js';
import { packageFolder } from '../../../base/package-folder.js';
import type { ReadAnswer, ReadRequest } from '../../../server/read/read-api.js';

const FOLDER = join(packageFolder, 'packages/pages/dist');
const ASSETS = 'assets';
const DOCUMENT = 'index.html';
const COMPRESSED = '.br';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** Nothing but our own files, and no script or style inside a document: text of telemetry that became markup would do nothing. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const securityHeaders: OutgoingHttpHeaders = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

interface BuiltFile {
  readonly bytes: Buffer;
  readonly compressed: Buffer | undefined;
  readonly type: string;
  readonly etag: string;
}

export class BuiltFiles {
  /** Read with the first request: servers that nobody opens in a browser hold none. */
  #files: ReadonlyMap<string, BuiltFile> | undefined;

  document(request: ReadRequest): ReadAnswer {
    // Asked for anew each time, and hardly ever sent again.
    return this.#answer(DOCUMENT, request, 'no-cache');
  }

  asset(name: string, request: ReadRequest): ReadAnswer {
    return this.#answer(`${ASSETS}/${name}`, request, 'public, max-age=31536000, immutable');
  }

  #answer(name: string, { headers }: ReadRequest, cacheControl: string): ReadAnswer {
    this.#files ??= readFiles();
    const file = this.#files.get(name);
    if (file === undefined) {
      const reason = this.#files.size === 0 ? ': the pages have not been built; npm run build does it' : '';
      throw new Failure('notFound', `there is no page or file ${name}${reason}`);
    }
    const { bytes, compressed, type, etag } = file;
    const kept = { ...securityHeaders, etag, 'cache-control': cacheControl, vary: 'Accept-Encoding' };
    if (headers['if-none-match'] === etag) return { status: 304, headers: kept };
    if (compressed === undefined || !/\bbr\b/.test(String(headers['accept-encoding'] ?? ''))) {
      return { headers: kept, type, body: bytes };
    }
    return { headers: { ...kept, 'content-encoding': 'br' }, type, body: compressed };
  }
}

function readFiles(): ReadonlyMap<string, BuiltFile> {
  const files = new Map<string, BuiltFile>();
  for (const folder of ['', `${ASSETS}/`]) {
    const names = namesIn(join(FOLDER, folder));
    for (const name of names.filter((name) => types[extname(name)] !== undefined)) {
      const bytes = readFileSync(join(FOLDER, folder, name));
      const compressed = names.includes(name + COMPRESSED)
        ? readFileSync(join(FOLDER, folder, name + COMPRESSED))
        : undefined;
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
      files.set(folder + name, { bytes, compressed, type: types[extname(name)]!, etag });
    }
  }
  return files;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
