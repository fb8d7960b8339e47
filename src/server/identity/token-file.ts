// Tokens of a file, kept up to date: they are replaced while servers run, and no request is lost meanwhile.

import { open, stat } from 'node:fs/promises';
import { type Clock, systemClock } from '../../base/clock.js';
import { messageOf } from '../../base/failure.js';
import { SqlError } from '../../base/sql-error.js';
import type { Grants, ParseTokens } from './token-contents.js';
import { type Grant, TokenBook, type Tokens } from './tokens.js';

/** How often a file is looked at. That takes some 50 µs. */
const RELOAD_INTERVAL_MS = 1000;
/** Room for some ten thousand tokens. */
const MAX_FILE_BYTES = 4 << 20;
/** What others than its owner must not be able to do. The group may read a file of root's, as Kubernetes mounts secrets. */
const FORBIDDEN_MODE = { ofRoot: 0o027, ofOthers: 0o077 } as const;

export interface TokenFileOptions {
  /** Option that gave it, for errors. */
  readonly option: string;
  readonly path: string;
  readonly parse: ParseTokens;
}

interface Contents {
  readonly grants: Grants;
  readonly state: string;
}

export class TokenFile implements Tokens {
  readonly #options: TokenFileOptions;
  readonly #clock: Clock;
  #book: TokenBook;
  #state: string;
  #lastError: string | undefined;
  #stopWatching: (() => void) | undefined;
  #isClosed = false;

  private constructor(options: TokenFileOptions, clock: Clock, { grants, state }: Contents) {
    this.#options = options;
    this.#clock = clock;
    this.#book = new TokenBook(grants);
    this.#state = state;
  }

  /** Rejects where the file cannot be used. */
  static async open(options: TokenFileOptions, clock: Clock = systemClock): Promise<TokenFile> {
    const file = new TokenFile(options, clock, await readTokens(options));
    file.#watch();
    return file;
  }

  /** How many tokens are known now. */
  get size(): number {
    return this.#book.size;
  }

  /** Why the file that is there now is not used; undefined while it is. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  find(presented: Buffer): Grant | undefined {
    return this.#book.find(presented);
  }

  /** Reads the file again. Resolves with whether what it has is used now; if not, the tokens stay what they were. */
  async reload(): Promise<boolean> {
    try {
      const { grants, state } = await readTokens(this.#options);
      this.#book = new TokenBook(grants);
      this.#state = state;
      this.#lastError = undefined;
      return true;
    } catch (error) {
      // A file that is being written is whole the next time.
      this.#lastError = messageOf(error);
      return false;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWatching?.();
  }

  #watch(): void {
    this.#stopWatching = this.#clock.after(RELOAD_INTERVAL_MS, () => {
      void this.#reloadIfChanged().finally(() => {
        if (!this.#isClosed) this.#watch();
      });
    });
  }

  async #reloadIfChanged(): Promise<void> {
    const state = await stateOf(this.#options.path).catch((error: unknown) => messageOf(error));
    if (state !== this.#state) await this.reload();
  }
}

/** Reads and checks a file. The state is that of the bytes that were read: a later change is seen as one. */
async function readTokens({ option, path, parse }: TokenFileOptions): Promise<Contents> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new SqlError('OTLP_TOKENS_INVALID', `${option} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  try {
    const { mode, uid, size, ino, mtimeMs } = await file.stat();
    const forbidden = mode & (uid === 0 ? FORBIDDEN_MODE.ofRoot : FORBIDDEN_MODE.ofOthers);
    if (forbidden !== 0 && process.platform !== 'win32') {
      const shown = (mode & 0o777).toString(8).padStart(4, '0');
      throw refused(option, path, `must be readable by its owner alone (mode 0600), has mode ${shown}`);
    }
    if (size > MAX_FILE_BYTES) throw refused(option, path, `must be at most ${MAX_FILE_BYTES} bytes long, has ${size}`);
    return { grants: parse(await file.readFile('utf8'), `${option} '${path}'`), state: stateText(ino, size, mtimeMs) };
  } finally {
    await file.close();
  }
}

/** A text that changes when the file does. A link that is made to point elsewhere counts, as Kubernetes does it. */
async function stateOf(path: string): Promise<string> {
  const { ino, size, mtimeMs } = await stat(path);
  return stateText(ino, size, mtimeMs);
}

function stateText(ino: number, size: number, mtimeMs: number): string {
  return `${ino} ${size} ${mtimeMs}`;
}

function refused(option: string, path: string, problem: string): SqlError {
  return new SqlError('OTLP_TOKENS_INVALID', `${option} '${path}' ${problem}`);
}
