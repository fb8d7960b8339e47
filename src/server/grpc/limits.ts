// Limits on what clients of a gRPC listener may use, and on how long they may be silent.

import type { ServerOptions } from 'node:http2';

/**
 * Open calls per connection. More than 100, which grpc-go assumes before it has received our settings, so that its calls are not
 * rejected. A Collector's Arrow exporter opens one stream per signal and two cores.
 */
export const MAX_STREAMS_PER_CONNECTION = 128;
/**
 * Flow-control window of a stream. Large enough that a usual message needs no extra round trip. It also bounds the memory of an
 * unread stream, because Node returns the connection's window as soon as bytes arrive.
 */
const STREAM_WINDOW_BYTES = 512 << 10;
/** A connection's window only limits bytes in flight, so it covers several streams. */
export const CONNECTION_WINDOW_BYTES = 4 << 20;

/** Calls per listener: 1 GiB with all windows full. Further calls are rejected as retryable. */
export const MAX_OPEN_CALLS = 2048;

/** Interval of keep-alive pings, and the time that a client has to answer one. */
export interface Keepalive {
  readonly pingMs: number;
  readonly timeoutMs: number;
}

export const KEEPALIVE: Keepalive = { pingMs: 60_000, timeoutMs: 20_000 };

/**
 * Rejected streams and invalid frames before a connection is closed. Conforming clients send no invalid frames, and exceed the
 * stream limit only before they know it. nghttp2 limits streams that are opened and reset in a rush (CVE-2023-44487): a
 * thousand at once, then 33 a second.
 */
const MAX_REJECTED_STREAMS = 100;
const MAX_INVALID_FRAMES = 100;
/** Headers of a call, by number and by bytes. */
const MAX_METADATA_ENTRIES = 128;
const MAX_METADATA_BYTES = 32 << 10;
/** Memory of a connection for streams, header tables and unread answers, in megabytes as Node counts. */
const MAX_SESSION_MEGABYTES = 10;

export function sessionLimits(maxConcurrentStreams = MAX_STREAMS_PER_CONNECTION): ServerOptions {
  return {
    settings: {
      maxConcurrentStreams,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: MAX_METADATA_BYTES,
    },
    maxHeaderListPairs: MAX_METADATA_ENTRIES,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
    maxSessionMemory: MAX_SESSION_MEGABYTES,
  };
}
