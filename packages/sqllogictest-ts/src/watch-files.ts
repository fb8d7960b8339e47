// Waits for test files to change or to come.

import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Editors and version control write several times in a row; this long without an event ends one change. */
const QUIET_MS = 50;

/** Yields the files that `find` names and that are new or written since they were last yielded, again and again. */
export async function* watchFiles(find: () => readonly string[]): AsyncGenerator<readonly string[], never> {
  let known = new Map<string, number>();
  let watched: Promise<void>;
  for (;;) {
    const files = find();
    // Watched before the times are read, so that no change falls between.
    watched = nextChange(new Set(files.map((file) => dirname(file))));
    const times = new Map(files.map((file) => [file, modifiedMs(file)] as const));
    const changed = files.filter((file) => times.get(file) !== known.get(file));
    known = times;
    if (changed.length > 0) yield changed;
    await watched;
  }
}

function modifiedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Folders, not files: editors replace a file by another one of its name. */
function nextChange(folders: ReadonlySet<string>): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const watchers: FSWatcher[] = [];
    const onChange = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        for (const watcher of watchers) watcher.close();
        resolve();
      }, QUIET_MS);
    };
    for (const folder of folders) watchers.push(watch(folder, onChange).on('error', onChange));
  });
}
