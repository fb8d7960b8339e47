import type { ScanFunction } from '../duckdb/scan-function.js';
import { otlpFileOptions } from '../files/file-options.js';
import type { FileScanParts } from '../files/file-scan.js';
import { readOptions } from '../schema/option-declaration.js';
import { fileReaders } from './file-readers.js';

/** `read_otlp_<rows>(path, …)`: the rows of OTLP files: JSON, JSON Lines or protobuf, plain or compressed with gzip or zstd. */
export function readOtlp(parts: FileScanParts): readonly ScanFunction[] {
  return fileReaders(parts, {
    prefix: 'read_otlp',
    options: otlpFileOptions,
    read(given) {
      const { format, filename, ignore_errors } = readOptions(otlpFileOptions, given);
      return { format: format === 'auto' ? undefined : format, filename, ignoreErrors: ignore_errors };
    },
    errorPrefix: (path) => `OTLP parse error on ${path}: Parse failed`,
  });
}
