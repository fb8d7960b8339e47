/** Bytes that JSON gives a meaning to. */
export const Char = {
  End: 0,
  Tab: 0x09,
  LineFeed: 0x0a,
  CarriageReturn: 0x0d,
  Space: 0x20,
  Quote: 0x22,
  Plus: 0x2b,
  Comma: 0x2c,
  Minus: 0x2d,
  Dot: 0x2e,
  Zero: 0x30,
  Colon: 0x3a,
  Equals: 0x3d,
  UpperE: 0x45,
  OpenBracket: 0x5b,
  Backslash: 0x5c,
  CloseBracket: 0x5d,
  LowerE: 0x65,
  LowerF: 0x66,
  LowerN: 0x6e,
  LowerT: 0x74,
  LowerU: 0x75,
  OpenBrace: 0x7b,
  CloseBrace: 0x7d,
} as const;

export function isSpace(byte: number): boolean {
  return byte === Char.Space || byte === Char.LineFeed || byte === Char.CarriageReturn || byte === Char.Tab;
}

/** 1 for the bytes that end a plain run inside a string: quote, backslash, control characters. */
export const ENDS_RUN = new Uint8Array(256).fill(1, 0, Char.Space);
ENDS_RUN[Char.Quote] = 1;
ENDS_RUN[Char.Backslash] = 1;

export const NOT_HEX = 0xff;

/** Value of each hex digit, NOT_HEX for other bytes. */
export const HEX_VALUES = new Uint8Array(256).fill(NOT_HEX);
for (let value = 0; value < 16; value++) {
  HEX_VALUES[value.toString(16).charCodeAt(0)] = value;
  HEX_VALUES[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}
