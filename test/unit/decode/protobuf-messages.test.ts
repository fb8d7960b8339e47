// The decoder's table of fields against the definitions in proto/.

import { expect, test } from 'vitest';
import { fieldsByNumber, type MessageName, messages } from '../../../src/decode/protobuf/messages.js';
import { mappedProtocol } from '../../oracle/protobuf-messages.js';
import { allTypes, isMessageField } from '../../oracle/protocol.js';

const wireTypes: Record<string, number> = { double: 1, fixed64: 1, sfixed64: 1, string: 2, bytes: 2, fixed32: 5 };
const types = allTypes(mappedProtocol).filter(({ name }) => Object.hasOwn(messages, name));

test('every message of the table is defined', () => {
  expect(types.map(({ name }) => name).sort()).toEqual(Object.keys(messages).sort());
});

test.each(types.map((type) => [type.name as MessageName, type] as const))(
  '%s has the fields of its definition',
  (name, type) => {
    const defined = type.fieldsArray.map((field) => {
      const itemTag = (field.id << 3) | (isMessageField(field) ? 2 : (wireTypes[field.type] ?? 0));
      const isRepeatedNumber = field.repeated && (itemTag & 7) !== 2;
      return {
        name: field.name,
        tag: isRepeatedNumber ? (field.id << 3) | 2 : itemTag,
        itemTag,
        isText: field.type === 'string',
        message: isMessageField(field) ? field.resolvedType!.name : undefined,
      };
    });
    const declared = [...fieldsByNumber[name].values()].sort((a, b) => a.tag - b.tag);
    expect(declared).toEqual(defined.sort((a, b) => a.tag - b.tag));
  },
);
