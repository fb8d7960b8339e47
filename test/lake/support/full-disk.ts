// A folder on a disk that can be made full and free again: a small file system of its own where mounting is permitted,
// and everywhere on Linux a limit on the size of every file that this process writes.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface FullDisk {
  readonly folder: string;
  fill(): void;
  free(): void;
}

/** Smaller than what a seal of the tests writes. */
const FILE_LIMIT_BYTES = 4096;
const DISK_BYTES = 64 << 20;

/** What makes a disk full here, by name. */
export const fullDisks: Readonly<Record<string, () => FullDisk>> = {
  'files that may not grow': limitedFiles,
  ...(canMount() ? { 'a small file system': smallFileSystem } : {}),
};

function limitedFiles(): FullDisk {
  const folder = newFolder();
  const limit = (bytes: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
  // Ends a process that does not listen to it; with a listener, a write fails.
  const ignore = () => undefined;
  process.on('SIGXFSZ', ignore);
  const disk = { folder, fill: () => limit(FILE_LIMIT_BYTES), free: () => limit('unlimited') };
  onTestFinished(() => {
    disk.free();
    process.off('SIGXFSZ', ignore);
  });
  return disk;
}

function smallFileSystem(): FullDisk {
  const folder = newFolder();
  mount(folder);
  onTestFinished(() => unmount(folder));
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => {
      for (let bytes = 1 << 20; bytes >= 1024; ) {
        try {
          writeFileSync(ballast, Buffer.alloc(bytes), { flag: 'a' });
        } catch {
          bytes >>= 1;
        }
      }
    },
    free: () => rmSync(ballast),
  };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-full-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-mount-'));
  try {
    mount(folder);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], { stdio: 'ignore' });
}

/** Lazily: a database may not have closed its files yet. */
function unmount(folder: string): void {
  execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });
}
