// A disk in memory that knows what would survive the loss of power, and at which a process can die, or an operation
// fail, at any point. Operations are numbered from 1 in the order in which they are called.

import { dirname } from 'node:path';
import type { AppendedFile, FileStorage } from '../../../src/base/file-storage.js';

/** What a disk holds of that which was not synced. */
export const losses = {
  /** All of it: the process was killed, and the system lived on. */
  killed: { bytes: 'kept', names: 'kept' },
  'power lost': { bytes: 'lost', names: 'lost' },
  'power lost, names were written': { bytes: 'lost', names: 'kept' },
  'power lost, bytes were written': { bytes: 'kept', names: 'lost' },
  'power lost, files had grown': { bytes: 'zeros', names: 'kept' },
} as const;

export type Loss = keyof typeof losses;

export type Trouble =
  /** The process ends before the operation; or, of an append, with half of it in the file. */
  | { readonly at: number; readonly dies: 'before' | 'half-way' }
  /** The operation fails, and the process goes on. Of an append, half is in the file. */
  | { readonly at: number; readonly fails: 'ENOSPC' | 'EIO' };

class Inode {
  bytes: Buffer = Buffer.alloc(0);
  synced: Buffer = Buffer.alloc(0);
}

interface Folder {
  names: Map<string, Inode>;
  synced: Map<string, Inode>;
}

export class MemoryStorage implements FileStorage {
  /** What was called, to tell where a test failed. */
  readonly calls: string[] = [];
  /** Resolves when the process has died. */
  readonly death: Promise<void>;
  isDead = false;
  readonly #trouble: Trouble | undefined;
  readonly #folders: Map<string, Folder>;
  #die: () => void = () => {};

  constructor(trouble?: Trouble, folders = new Map<string, Folder>()) {
    this.#trouble = trouble;
    this.#folders = folders;
    this.death = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  /** The disk as the next process finds it. */
  afterwards(loss: Loss, trouble?: Trouble): MemoryStorage {
    const { bytes, names } = losses[loss];
    const folders = new Map<string, Folder>();
    for (const [path, folder] of this.#folders) {
      const found = new Map<string, Inode>();
      for (const [name, inode] of names === 'kept' ? folder.names : folder.synced) {
        // This process lives on, in the place of the one that is dead.
        if (name.startsWith('lock-')) continue;
        const survivor = new Inode();
        survivor.bytes = Buffer.from(bytes === 'lost' ? inode.synced : inode.bytes);
        if (bytes === 'zeros') survivor.bytes.fill(0, Math.min(inode.synced.length, survivor.bytes.length));
        survivor.synced = survivor.bytes;
        found.set(name, survivor);
      }
      folders.set(path, { names: found, synced: new Map(found) });
    }
    return new MemoryStorage(trouble, folders);
  }

  /** Contents of the files in a folder. */
  files(path: string): ReadonlyMap<string, Buffer> {
    return new Map([...this.#folder(path).names].map(([name, { bytes }]) => [name, bytes]));
  }

  /** Puts a file there, or replaces one. */
  put(path: string, bytes: Buffer): void {
    const inode = new Inode();
    inode.bytes = bytes;
    inode.synced = bytes;
    this.#folder(dirname(path)).names.set(nameOf(path), inode);
    this.#folder(dirname(path)).synced.set(nameOf(path), inode);
  }

  makeFolder(path: string): Promise<void> {
    return this.operation(`makeFolder ${path}`, () => void this.#folder(path));
  }

  list(path: string): Promise<string[]> {
    return this.operation(`list ${path}`, () => [...(this.#folders.get(path)?.names.keys() ?? [])]);
  }

  sizeOf(path: string): Promise<number> {
    return this.operation(`sizeOf ${path}`, () => this.#inode(path).bytes.length);
  }

  read(path: string, start: number, length: number): Promise<Uint8Array> {
    return this.operation(`read ${path}`, () => Buffer.from(this.#inode(path).bytes.subarray(start, start + length)));
  }

  create(path: string): Promise<AppendedFile> {
    return this.operation(`create ${path}`, () => {
      const { names } = this.#folder(dirname(path));
      if (names.has(nameOf(path))) throw systemError('EEXIST', path);
      const inode = new Inode();
      names.set(nameOf(path), inode);
      return new MemoryFile(this, path, inode);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.operation(`rename ${from} ${to}`, () => {
      const inode = this.#inode(from);
      this.#folder(dirname(from)).names.delete(nameOf(from));
      this.#folder(dirname(to)).names.set(nameOf(to), inode);
    });
  }

  remove(path: string): Promise<void> {
    return this.operation(`remove ${path}`, () => void this.#folder(dirname(path)).names.delete(nameOf(path)));
  }

  syncFolder(path: string): Promise<void> {
    return this.operation(`syncFolder ${path}`, () => {
      const folder = this.#folder(path);
      folder.synced = new Map(folder.names);
    });
  }

  /** Does an operation, unless it is its turn to go wrong. `half` does a part of it. */
  async operation<T>(name: string, act: () => T, half: () => void = () => {}): Promise<T> {
    if (this.isDead) return new Promise<T>(() => {});
    this.calls.push(name);
    const trouble = this.#trouble;
    if (trouble?.at !== this.calls.length) return act();
    if ('fails' in trouble) {
      half();
      throw systemError(trouble.fails, name);
    }
    if (trouble.dies === 'half-way') half();
    this.isDead = true;
    this.#die();
    return new Promise<T>(() => {});
  }

  #folder(path: string): Folder {
    let folder = this.#folders.get(path);
    if (folder === undefined) {
      folder = { names: new Map(), synced: new Map() };
      this.#folders.set(path, folder);
    }
    return folder;
  }

  #inode(path: string): Inode {
    const inode = this.#folder(dirname(path)).names.get(nameOf(path));
    if (inode === undefined) throw systemError('ENOENT', path);
    return inode;
  }
}

class MemoryFile implements AppendedFile {
  readonly #storage: MemoryStorage;
  readonly #path: string;
  readonly #inode: Inode;

  constructor(storage: MemoryStorage, path: string, inode: Inode) {
    this.#storage = storage;
    this.#path = path;
    this.#inode = inode;
  }

  append(given: Uint8Array): Promise<void> {
    const bytes = Buffer.from(given);
    const add = (length: number) => {
      this.#inode.bytes = Buffer.concat([this.#inode.bytes, bytes.subarray(0, length)]);
    };
    return this.#storage.operation(
      `append ${this.#path}`,
      () => add(bytes.length),
      () => add(bytes.length >> 1),
    );
  }

  truncate(length: number): Promise<void> {
    return this.#storage.operation(`truncate ${this.#path}`, () => {
      this.#inode.bytes = this.#inode.bytes.subarray(0, length);
    });
  }

  sync(): Promise<void> {
    return this.#storage.operation(`sync ${this.#path}`, () => {
      this.#inode.synced = this.#inode.bytes;
    });
  }

  close(): Promise<void> {
    return this.#storage.operation(`close ${this.#path}`, () => {});
  }
}

function nameOf(path: string): string {
  return path.slice(dirname(path).length + 1);
}

function systemError(code: string, subject: string): Error {
  return Object.assign(new Error(`${code}: ${subject}`), { code });
}
