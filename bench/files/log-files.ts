// The same logs in three forms: lines of JSON, one file of protobuf, and a folder of protobuf files.

import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { payloads, requestType } from '../payloads.js';

export interface LogFiles {
  readonly jsonl: string;
  readonly protobuf: string;
  readonly protobufFolder: string;
}

interface Request {
  readonly resourceLogs: readonly unknown[];
}

/** Files that the protobuf is spread over. */
const PROTOBUF_FILES = 64;

/** Writes files of which the JSONL has so many bytes or slightly more, a line for each resource. */
export async function writeLogFiles(folder: string, jsonlBytes: number): Promise<LogFiles> {
  const requests = payloads('logs').json.flatMap((body) => requestPerResource(Buffer.from(body).toString()));
  const lines = Buffer.from(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
  const type = requestType('logs');
  // Requests one after the other are one request with the resources of all.
  const messages = Buffer.concat(requests.map((request) => type.encode(type.fromObject(withBase64(request))).finish()));
  const copies = Math.ceil(jsonlBytes / lines.length);
  const files = {
    jsonl: join(folder, 'logs.jsonl'),
    protobuf: join(folder, 'logs.pb'),
    protobufFolder: join(folder, 'protobuf'),
  };
  await writeCopies(files.jsonl, lines, copies);
  await writeCopies(files.protobuf, messages, copies);
  mkdirSync(files.protobufFolder);
  for (let file = 0; file < PROTOBUF_FILES; file++) {
    const share = Math.floor((copies * (file + 1)) / PROTOBUF_FILES) - Math.floor((copies * file) / PROTOBUF_FILES);
    await writeCopies(join(files.protobufFolder, `${file}.pb`), messages, share);
  }
  return files;
}

function requestPerResource(json: string): Request[] {
  return (JSON.parse(json) as Request).resourceLogs.map((group) => ({ resourceLogs: [group] }));
}

/** The request with its ids as protobufjs takes them. */
function withBase64(request: Request): Request {
  return JSON.parse(JSON.stringify(request), (key, value) =>
    key === 'traceId' || key === 'spanId' ? Buffer.from(value as string, 'hex').toString('base64') : value,
  ) as Request;
}

async function writeCopies(path: string, content: Buffer, copies: number): Promise<void> {
  const parts = function* () {
    for (let copy = 0; copy < copies; copy++) yield content;
  };
  await pipeline(Readable.from(parts()), createWriteStream(path));
}
