// The file operations of what survives the loss of power, and no others: tests put their faults here.

import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.js';

/** A file being appended to. */
export interface AppendedFile {
  /** Appends all of some bytes, or rejects; part of them may be in the file then. */
  append(bytes: Uint8Array): Promise<void>;
  /** Cuts the file to its first `length` bytes. */
  truncate(length: number): Promise<void>;
  /** Resolves when everything done to the file survives the loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileStorage {
  /** Makes a folder, and those that it is in, where they do not exist. They survive the loss of power then. */
  makeFolder(path: string): Promise<void>;
  /** Names in a folder; none when there is no such folder. */
  list(path: string): Promise<string[]>;
  sizeOf(path: string): Promise<number>;
  /** Up to `length` bytes from `start`; fewer at the end of the file. */
  read(path: string, start: number, length: number): Promise<Uint8Array>;
  /** Creates a file; rejects with EEXIST when there is one. */
  create(path: string): Promise<AppendedFile>;
  /** Gives a file another name, in place of a file that has it. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; one that does not exist is removed already. */
  remove(path: string): Promise<void>;
  /** Resolves when the names in a folder survive the loss of power. */
  syncFolder(path: string): Promise<void>;
}

export const diskStorage: FileStorage = {
  async makeFolder(path) {
    for (const made of await makeFolder(path)) await this.syncFolder(dirname(made));
  },
  async list(path) {
    try {
      return await readdir(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  },
  sizeOf: async (path) => (await stat(path)).size,
  async read(path, start, length) {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.allocUnsafe(length);
      let read = 0;
      while (read < length) {
        const { bytesRead } = await file.read(buffer, read, length - read, start + read);
        if (bytesRead === 0) break;
        read += bytesRead;
      }
      return buffer.subarray(0, read);
    } finally {
      await file.close();
    }
  },
  create: async (path) =>
    new DiskFile(await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND)),
  rename,
  remove: (path) => rm(path, { force: true }),
  syncFolder: syncPath,
};

class DiskFile implements AppendedFile {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      // The system may take less than it is given.
      written += (await this.#file.write(bytes, written, bytes.length - written)).bytesWritten;
    }
  }

  truncate(length: number): Promise<void> {
    return this.#file.truncate(length);
  }

  sync(): Promise<void> {
    return this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Puts a file in place as a whole: a crash leaves the old one or the new one. */
export async function replaceFile(storage: FileStorage, path: string, contents: Uint8Array): Promise<void> {
  await storage.remove(`${path}.new`);
  const file = await storage.create(`${path}.new`);
  try {
    await file.append(contents);
    await file.sync();
  } finally {
    await file.close();
  }
  await storage.rename(`${path}.new`, path);
  await storage.syncFolder(dirname(path));
}

/** Resolves when what a file holds, or the names in a folder, survive the loss of power. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
