// Messages of Tempo's API ↔ protobuf, and → the JSON that its clients read: integers of 64 bits as text, bytes as base64,
// enums by name, and no field that has its default value. Clients refuse fields that they do not know, so only the fields of
// proto/tempopb can be written.

import { join } from 'node:path';
import protobuf from 'protobufjs';
import { Failure, messageOf } from '../../../base/failure.js';
import { packageFolder } from '../../../base/package-folder.js';
import { Int64, type Message, type MessageField } from '../../traces/otlp-message.js';

export type MessageName =
  | 'Trace'
  | 'TraceByIDResponse'
  | 'SearchRequest'
  | 'SearchResponse'
  | 'SearchTagsRequest'
  | 'SearchTagsResponse'
  | 'SearchTagsV2Response'
  | 'SearchTagValuesRequest'
  | 'SearchTagValuesResponse'
  | 'SearchTagValuesV2Response'
  | 'QueryRangeRequest'
  | 'QueryRangeResponse'
  | 'QueryInstantRequest'
  | 'QueryInstantResponse';

const PROTO_FOLDER = join(packageFolder, 'proto/');

/** Read when they are first needed: most servers are never asked for traces. */
let root: protobuf.Root | undefined;

function typeOf(name: MessageName): protobuf.Type {
  root ??= loadRoot();
  return root.lookupType(`tempopb.${name}`);
}

function loadRoot(): protobuf.Root {
  const loaded = new protobuf.Root();
  loaded.resolvePath = (_origin, target) => (target.startsWith(PROTO_FOLDER) ? target : PROTO_FOLDER + target);
  loaded.loadSync('tempopb/tempo.proto');
  loaded.resolveAll();
  return loaded;
}

export function encodeMessage(name: MessageName, message: Message): Uint8Array<ArrayBuffer> {
  const bytes = typeOf(name)
    .encode(message as never)
    .finish();
  // Memory of its own, which can be handed to another thread.
  return new Uint8Array(bytes);
}

/** Throws a Failure, `malformed`, where the bytes are no such message. Integers of 64 bits are texts. */
export function decodeMessage(name: MessageName, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const type = typeOf(name);
  try {
    return type.toObject(type.decode(bytes), { longs: String, defaults: true });
  } catch (error) {
    throw new Failure('malformed', `cannot decode ${name}: ${messageOf(error)}`, { cause: error });
  }
}

export function messageJson(name: MessageName, message: Message): string {
  return JSON.stringify(jsonOf(typeOf(name), message));
}

function jsonOf(type: protobuf.Type, message: Message): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message)) {
    const field = type.fields[name];
    if (field === undefined) throw new Error(`BUG: ${type.name} has no field ${name}`);
    json[name] = fieldJson(field, value);
  }
  return json;
}

function fieldJson(field: protobuf.Field, value: MessageField): unknown {
  if (Array.isArray(value)) return value.map((item) => valueJson(field, item as MessageField));
  if (!field.map) return valueJson(field, value);
  return Object.fromEntries(Object.entries(value as Message).map(([key, item]) => [key, valueJson(field, item)]));
}

function valueJson({ resolvedType }: protobuf.Field, value: MessageField): unknown {
  if (value instanceof Int64) return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (resolvedType instanceof protobuf.Enum) return resolvedType.valuesById[value as number] ?? value;
  if (resolvedType instanceof protobuf.Type) return jsonOf(resolvedType, value as Message);
  // JSON has no such numbers.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}
