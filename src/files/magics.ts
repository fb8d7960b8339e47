import type { Compression } from './byte-source.js';

/** What compressed bytes begin with. */
export const magics: Readonly<Record<Compression, Buffer>> = {
  gzip: Buffer.from([0x1f, 0x8b]),
  zstd: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
};

export function isZstd(bytes: Uint8Array): boolean {
  return magics.zstd.equals(bytes.subarray(0, magics.zstd.length));
}
