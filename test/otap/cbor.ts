// AnyValue messages → CBOR, in the forms that senders use: containers of known length, or ended by a break.

import type { Message } from '../oracle/message.js';
import { keptAttributes, textOf } from './attribute-rows.js';

export type ContainerForm = 'definite' | 'indefinite';

export function encodeCbor(value: Message, form: ContainerForm): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, form, parts);
  return Buffer.concat(parts);
}

function write(value: Message, form: ContainerForm, parts: Uint8Array[]): void {
  if ('string_value' in value) {
    writeText(textOf(value['string_value']), parts);
  } else if ('bool_value' in value) {
    parts.push(Uint8Array.of(value['bool_value'] === true ? 0xf5 : 0xf4));
  } else if ('int_value' in value) {
    const int = value['int_value'] as bigint;
    parts.push(int >= 0n ? head(0, int) : head(1, -1n - int));
  } else if ('double_value' in value) {
    const bytes = Buffer.alloc(9, 0xfb);
    bytes.writeDoubleBE(value['double_value'] as number, 1);
    parts.push(bytes);
  } else if ('bytes_value' in value) {
    const bytes = value['bytes_value'] as Uint8Array;
    parts.push(head(2, BigInt(bytes.length)), bytes);
  } else if ('array_value' in value) {
    const items = ((value['array_value'] as Message)['values'] ?? []) as Message[];
    container(4, items.length, form, parts, () => {
      for (const item of items) write(item, form, parts);
    });
  } else if ('kvlist_value' in value) {
    const pairs = keptAttributes(((value['kvlist_value'] as Message)['values'] ?? []) as Message[]);
    container(5, pairs.length, form, parts, () => {
      for (const { key, value: member } of pairs) {
        writeText(key, parts);
        write(member, form, parts);
      }
    });
  } else {
    parts.push(Uint8Array.of(0xf6));
  }
}

function writeText(text: string, parts: Uint8Array[]): void {
  const bytes = Buffer.from(text);
  parts.push(head(3, BigInt(bytes.length)), bytes);
}

function container(
  major: number,
  count: number,
  form: ContainerForm,
  parts: Uint8Array[],
  writeItems: () => void,
): void {
  parts.push(form === 'definite' ? head(major, BigInt(count)) : Uint8Array.of((major << 5) | 31));
  writeItems();
  if (form === 'indefinite') parts.push(Uint8Array.of(0xff));
}

function head(major: number, argument: bigint): Uint8Array {
  if (argument < 24n) return Uint8Array.of((major << 5) | Number(argument));
  const width = [1, 2, 4, 8].find((bytes) => argument < 1n << BigInt(8 * bytes))!;
  const bytes = Buffer.alloc(9);
  bytes.writeBigUInt64BE(argument, 1);
  bytes[8 - width] = (major << 5) | (24 + Math.log2(width));
  return bytes.subarray(8 - width);
}
