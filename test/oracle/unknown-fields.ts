import protobuf from 'protobufjs';
import type { Signal } from '../../src/schema/column-declaration.js';
import { isMessageField, loadProtocol, messageTypeOf, requestType } from './protocol.js';

/** Where a body has fields that proto/ does not know, or knows as another type, with their bytes in hex. */
export function unknownFields(signal: Signal, body: Uint8Array, protocol = loadProtocol()): string[] {
  const reader = protobuf.Reader.create(body);
  reader.discardUnknown = false;
  const type = requestType(protocol, signal);
  return unknownFieldsOf(type, type.decode(reader) as unknown as Record<string, unknown>);
}

function unknownFieldsOf(type: protobuf.Type, message: Record<string, unknown>): string[] {
  const own = (message['$unknowns'] ?? []) as Uint8Array[];
  return [
    ...own.map((field) => `${type.name}: ${Buffer.from(field).toString('hex')}`),
    ...type.fieldsArray
      .filter((field) => isMessageField(field) && Object.hasOwn(message, field.name))
      .flatMap((field) =>
        [message[field.name]]
          .flat()
          .flatMap((nested) => unknownFieldsOf(messageTypeOf(field), nested as Record<string, unknown>)),
      ),
  ];
}
