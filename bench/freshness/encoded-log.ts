/** A request of one log record, encoded by hand: ExportLogsServiceRequest → ResourceLogs → ScopeLogs → LogRecord. */
export function encodedLog(body: string, unixMs: number): Uint8Array<ArrayBuffer> {
  const time = Buffer.alloc(9);
  time.writeUInt8(0x09); // time_unix_nano, fixed64
  time.writeBigUInt64LE(BigInt(unixMs) * 1_000_000n, 1);
  const record = Buffer.concat([time, field(5, field(1, Buffer.from(body)))]);
  return new Uint8Array(field(1, field(2, field(2, record))));
}

function field(number: number, content: Buffer): Buffer {
  if (content.length > 127)
    throw new RangeError(`a field of ${content.length} bytes does not have a length of one byte`);
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}
