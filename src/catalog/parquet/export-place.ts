// Where an export goes, in one form for each place, so that two of them can be compared.

import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { ServeOptions } from '../../schema/serve-options.js';

export interface ExportPlace {
  /** Folder that has the tables' folders, without a slash at its end. */
  readonly root: string;
  readonly isLocal: boolean;
  /** Schema of the views over it. */
  readonly schema: string;
}

/** Undefined where rows go to a catalog. */
export function exportPlace({
  parquet_export_path: given,
  schema,
}: Pick<ServeOptions, 'parquet_export_path' | 'schema'>): ExportPlace | undefined {
  if (given === null) return undefined;
  const path = given.replace(/^file:(?:\/\/)?(?=\/)/, '');
  const isLocal = !/^\w+:\/\//.test(path);
  // Absolute, because the views outlive this process and its working directory.
  const root = isLocal ? resolve(path.replace(/^~(?=\/|$)/, homedir())) : path.replace(/\/+$/, '');
  return { root, isLocal, schema: schema ?? 'main' };
}
