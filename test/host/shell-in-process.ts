// A shell without a process: commands in, and what it wrote to its two streams.

import { plainPaint } from '../../src/host/output/paint.js';
import { SessionDatabase } from '../../src/host/session-database.js';
import { Shell } from '../../src/host/shell/shell.js';
import type { ShellSettings } from '../../src/host/shell/shell-settings.js';
import type { DuckDBPlugin } from '../../src/plugin.js';

export interface Written {
  readonly stdout: string;
  readonly stderr: string;
}

export interface TextOptions extends Partial<ShellSettings> {
  readonly width?: number;
  readonly plugins?: readonly DuckDBPlugin[];
}

/** Runs the commands of a text in a new database in memory. */
export async function runText(
  text: string,
  { width = 80, plugins = [], ...settings }: TextOptions = {},
): Promise<Written> {
  const database = new SessionDatabase({ memoryLimit: undefined }, plugins, async () => {});
  await database.open(':memory:', { isReadOnly: false });
  const written = { stdout: '', stderr: '' };
  const sinkOf = (stream: keyof Written) => ({
    write: async (part: string) => {
      written[stream] += part;
    },
  });
  try {
    const screen = { out: sinkOf('stdout'), err: sinkOf('stderr'), outPaint: plainPaint, errPaint: plainPaint };
    const shell = await Shell.start(
      await database.connect(),
      { ...screen, width: () => width },
      { isBailing: false, ...settings },
      database,
    );
    await shell.runInput([text]);
    await shell.close();
    return written;
  } finally {
    await database.close();
  }
}
