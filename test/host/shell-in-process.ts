// A shell without a process: commands in, and what it wrote to its two streams.

import { DuckDBInstance } from '@duckdb/node-api';
import { plainPaint } from '../../src/host/output/paint.js';
import { Shell, type ShellSettings } from '../../src/host/shell/shell.js';

export interface Written {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the commands of a text in a new database in memory. */
export async function runText(text: string, settings: Partial<ShellSettings> = {}): Promise<Written> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const written = { stdout: '', stderr: '' };
  const sinkOf = (stream: keyof Written) => ({
    write: async (part: string) => {
      written[stream] += part;
    },
  });
  try {
    const screen = { out: sinkOf('stdout'), err: sinkOf('stderr'), outPaint: plainPaint, errPaint: plainPaint };
    const shell = await Shell.start(connection, { ...screen, width: () => 80 }, settings);
    await shell.runInput([text]);
    await shell.close();
    return written;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
