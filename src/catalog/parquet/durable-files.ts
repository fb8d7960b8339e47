// Files and names that survive the loss of power.

import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Puts a file in place as a whole: a crash leaves the old one or the new one. */
export async function replaceFileDurably(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(`${path}.new`, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncPath(dirname(path));
}

/** Makes files below `root` durable, and the names of all folders that lead to them. */
export async function syncFilesBelow(root: string, files: readonly string[]): Promise<void> {
  const folders = new Set<string>();
  for (const file of files) {
    await syncPath(file);
    let folder = resolve(file);
    do {
      folder = dirname(folder);
      folders.add(folder);
    } while (folder !== resolve(root));
  }
  for (const folder of folders) await syncPath(folder);
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
