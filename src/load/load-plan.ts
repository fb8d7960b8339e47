// What a load run does, as its command line says it.

import type { Signal } from '../schema/column-declaration.js';

export const protocols = ['http', 'grpc', 'otap'] as const;
export type Protocol = (typeof protocols)[number];

export const encodings = ['protobuf', 'json'] as const;
export type Encoding = (typeof encodings)[number];

export const sentCompressions = ['none', 'gzip', 'zstd'] as const;
export type SentCompression = (typeof sentCompressions)[number];

/** An OTAP message names its records with 16 bits. */
export const MAX_OTAP_RECORDS = 65_535;

export interface LoadPlan {
  /** `http://host:port` or `https://host:port`, whatever the protocol. */
  readonly url: URL;
  readonly token: string | undefined;
  readonly protocol: Protocol;
  /** Of HTTP's bodies. The other protocols have one each. */
  readonly encoding: Encoding;
  readonly compression: SentCompression;
  /** Signals in turn. */
  readonly signals: readonly Signal[];
  readonly services: number;
  /** Records a second of each service. */
  readonly rate: number;
  readonly recordsPerRequest: number;
  readonly connections: number;
  readonly warmUpMs: number;
  /** How long is measured, after the warm-up. */
  readonly durationMs: number;
  /** Sends a connection's next request as soon as the last was answered, instead of when the rate has it due. */
  readonly isClosedLoop: boolean;
  /** Gives every record a number of its own even where each body has to be compressed again for it. */
  readonly isNumbered: boolean;
  /** Files to send instead of made records. */
  readonly payloads: readonly string[];
  /** A request that is not answered within this has failed. */
  readonly timeoutMs: number;
  /** Names of tenants. Each connection sends for one, in turn. Without any, no tenant is named. */
  readonly tenants?: readonly string[];
  /** Certificates to trust besides those of the system, as PEM. */
  readonly ca?: string | undefined;
}
