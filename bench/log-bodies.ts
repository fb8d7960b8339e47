import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
export function logsBodies(): Uint8Array[] {
  const folder = process.env['OTELDUCK_PAYLOADS'] ?? join(import.meta.dirname, '../../../shared/data/payloads');
  if (!existsSync(folder)) throw new Error('todo');
  return readdirSync(folder).filter((f) => /^logs_.*\.pb$/.test(f)).map((f) => readFileSync(join(folder, f)));
}
