// What clients of a gRPC listener may use up, and how long they may be silent.

import type { ServerOptions } from 'node:http2';

/**
 * Calls that one connection may have open. More than the 100 that a client of grpc-go assumes before it has heard from
 * us: it would be refused otherwise. A Collector's Arrow exporter opens one stream per signal and two cores.
 */
export const MAX_STREAMS_PER_CONNECTION = 128;
/**
 * What a client may send on a stream before it is read. Enough that a usual message does not wait for a round trip; and
 * what an unread stream can hold of our memory, because Node returns a connection's window as soon as bytes arrive.
 */
const STREAM_WINDOW_BYTES = 512 << 10;
/** The window of a connection only limits what is in flight, so it has room for some streams. */
export const CONNECTION_WINDOW_BYTES = 4 << 20;

/** Calls of one listener: with their windows full, 1 GiB. More are told to come again. */
export const MAX_OPEN_CALLS = 2048;

/** A connection is asked this often whether its client is still there, and given this long to answer. */
export const KEEPALIVE = { pingMs: 60_000, timeoutMs: 20_000 };

/**
 * Streams beyond the limit, and frames that make no sense, before a connection is closed. Clients that follow the
 * protocol send none of the latter, and of the former only what was under way before they knew the limit. Streams that
 * are begun and reset in a rush (CVE-2023-44487) are counted by nghttp2: a thousand at once, then 33 a second.
 */
const MAX_REJECTED_STREAMS = 100;
const MAX_INVALID_FRAMES = 100;
/** Headers of a call, and their bytes. */
const MAX_METADATA_ENTRIES = 128;
const MAX_METADATA_BYTES = 32 << 10;
/** Memory for a connection's streams, header tables and answers that are not yet taken, in Node's unit: megabytes. */
const MAX_SESSION_MEGABYTES = 10;

export const sessionLimits: ServerOptions = {
  settings: {
    maxConcurrentStreams: MAX_STREAMS_PER_CONNECTION,
    initialWindowSize: STREAM_WINDOW_BYTES,
    maxHeaderListSize: MAX_METADATA_BYTES,
  },
  maxHeaderListPairs: MAX_METADATA_ENTRIES,
  maxSessionInvalidFrames: MAX_INVALID_FRAMES,
  maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
  maxSessionMemory: MAX_SESSION_MEGABYTES,
};
