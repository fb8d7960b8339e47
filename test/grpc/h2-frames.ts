// HTTP/2 frames byte by byte, for what no HTTP/2 library sends. RFC 9113, sections 3.4 and 4.1.

const FRAME_HEADERS = 1;
const FRAME_RST_STREAM = 3;
const FRAME_SETTINGS = 4;
const FRAME_PING = 6;
const FRAME_GOAWAY = 7;
const FLAG_ACK = 1;
const FLAG_END_HEADERS = 4;

/** What a client begins with: the preface and settings without a setting. */
export const connectionStart = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(FRAME_SETTINGS, 0, 0),
]);
export const settingsAck = frame(FRAME_SETTINGS, FLAG_ACK, 0);

export function headersFrame(stream: number, headers: Record<string, string>): Buffer {
  return frame(FRAME_HEADERS, FLAG_END_HEADERS, stream, ...Object.entries(headers).map(literal));
}

export function resetFrame(stream: number): Buffer {
  return frame(FRAME_RST_STREAM, 0, stream, Buffer.of(0, 0, 0, 8));
}

export interface Frame {
  readonly type: 'headers' | 'reset' | 'settings' | 'ping' | 'goaway' | 'other';
  readonly stream: number;
  readonly payload: Buffer;
}

/** The whole frames in what a server sent. */
export function framesIn(latin1: string): Frame[] {
  const bytes = Buffer.from(latin1, 'latin1');
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const type = typeNames.get(bytes[at + 3]!) ?? 'other';
    frames.push({ type, stream: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return frames;
}

const typeNames = new Map<number, Frame['type']>([
  [FRAME_HEADERS, 'headers'],
  [FRAME_RST_STREAM, 'reset'],
  [FRAME_SETTINGS, 'settings'],
  [FRAME_PING, 'ping'],
  [FRAME_GOAWAY, 'goaway'],
]);

function frame(type: number, flags: number, stream: number, ...payload: Uint8Array[]): Buffer {
  const body = Buffer.concat(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** A header as HPACK's literal without indexing (RFC 7541, section 6.2.2); name and value below 127 bytes. */
function literal([name, value]: [string, string]): Buffer {
  return Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);
}
