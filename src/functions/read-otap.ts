import type { ScanFunction } from '../duckdb/scan-function.js';
import { otapFileOptions } from '../files/file-options.js';
import type { FileScanParts } from '../files/file-scan.js';
import { readOptions } from '../schema/option-declaration.js';
import { fileReaders } from './file-readers.js';

/** `read_otap_<rows>(path, …)`: the rows of OTAP files, each of which is one self-contained BatchArrowRecords message. */
export function readOtap(parts: FileScanParts): readonly ScanFunction[] {
  return fileReaders(parts, {
    prefix: 'read_otap',
    options: otapFileOptions,
    read(given) {
      const { filename, ignore_errors } = readOptions(otapFileOptions, given);
      return { format: 'otap', filename, ignoreErrors: ignore_errors };
    },
    errorPrefix: (path) => `OTAP decode error on ${path}`,
  });
}
