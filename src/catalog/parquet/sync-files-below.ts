import { dirname, resolve } from 'node:path';
import { syncPath } from '../../base/file-storage.js';

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
