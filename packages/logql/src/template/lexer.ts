import { codePointText, quoted } from '#promql/syntax/go-text';

export type LexemeKind =
  | 'text'
  | 'left-delimiter'
  | 'right-delimiter'
  | 'space'
  | 'field'
  | 'variable'
  | 'word'
  | 'number'
  | 'character'
  | 'string'
  | 'raw-string'
  | 'sign'
  | 'end';

export interface Lexeme {
  readonly kind: LexemeKind;
  readonly text: string;
  readonly at: number;
}

/** What is wrong with a template, in Go's words. `at` says which line the error names. */
export class TemplateMistake extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const opening = /\{\{(?:-(?=[ \t\r\n]))?/g;
const comment = /\/\*/y;
const commentBehindDash = /[ \t\r\n]\/\*/y;
const closing = /(?:[ \t\r\n]-)?\}\}/y;
const wordEnd = /(?=[\s.,|:=()}]|$)/y;

const patterns: readonly (readonly [LexemeKind, RegExp])[] = [
  ['space', /[ \t\r\n]+/y],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"/y],
  ['raw-string', /`[^`]*`/y],
  ['character', /'(?:[^'\\\n]|\\[^\n])*'/y],
  [
    'number',
    /[+-]?(?:0[xX][0-9a-fA-F_]+(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?\d+)?|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y,
  ],
  ['field', /\.[\p{L}\p{Nd}_]+/uy],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['word', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['sign', /:=|[!#%&*+,\-./;<=>?@[\\\]^{|}~()]/y],
];

const unterminated = new Map([
  ['"', 'unterminated quoted string'],
  ['`', 'unterminated raw quoted string'],
  ["'", 'unterminated character constant'],
]);

/** Text → texts and what stands in `{{` and `}}`. Spaces beside a delimiter with a dash are cut off; comments are gone. */
export function lexTemplate(text: string): Lexeme[] {
  return new TemplateLexer(text).lexemes();
}

class TemplateLexer {
  readonly #text: string;
  readonly #lexemes: Lexeme[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  lexemes(): Lexeme[] {
    let trimsStart = false;
    while (this.#at < this.#text.length) {
      opening.lastIndex = this.#at;
      const open = opening.exec(this.#text);
      const end = open?.index ?? this.#text.length;
      let content = this.#text.slice(this.#at, end);
      if (trimsStart) content = content.replace(/^[ \t\r\n]+/, '');
      if (open?.[0].endsWith('-')) content = content.replace(/[ \t\r\n]+$/, '');
      if (content !== '') this.#push('text', content, this.#at);
      this.#at = end;
      if (open === null) break;
      trimsStart = this.#action(open[0]);
    }
    this.#push('end', '', this.#text.length);
    return this.#lexemes;
  }

  /** From one delimiter to the other. True when the text behind loses its spaces. */
  #action(open: string): boolean {
    const start = this.#at;
    this.#at += open.length;
    if (this.#match(open.endsWith('-') ? commentBehindDash : comment) !== undefined) return this.#comment();
    this.#push('left-delimiter', '{{', start);
    let depth = 0;
    for (;;) {
      const at = this.#at;
      const close = this.#match(closing);
      if (close !== undefined) {
        if (depth > 0) throw new TemplateMistake('unclosed left paren', at);
        this.#push('right-delimiter', '}}', at);
        return close.trimStart().startsWith('-');
      }
      const lexeme = this.#next();
      if (lexeme.text === '(' && lexeme.kind === 'sign') depth++;
      if (lexeme.text === ')' && lexeme.kind === 'sign' && --depth < 0) {
        throw new TemplateMistake('unexpected right paren', at);
      }
    }
  }

  #comment(): boolean {
    const end = this.#text.indexOf('*/', this.#at);
    if (end === -1) throw new TemplateMistake('unclosed comment', this.#at);
    this.#at = end + 2;
    const close = this.#match(closing);
    if (close === undefined) throw new TemplateMistake('comment ends before closing delimiter', this.#at);
    return close.includes('-');
  }

  #next(): Lexeme {
    const at = this.#at;
    for (const [kind, pattern] of patterns) {
      const text = this.#match(pattern);
      if (text !== undefined) return this.#checked(this.#push(kind, text, at));
    }
    const character = String.fromCodePoint(this.#text.codePointAt(at) ?? 0);
    if (at >= this.#text.length) throw new TemplateMistake('unclosed action', at);
    const mistake = unterminated.get(character);
    if (mistake !== undefined) throw new TemplateMistake(mistake, at);
    if (character === ':') throw new TemplateMistake('expected :=', at);
    throw new TemplateMistake(`unrecognized character in action: ${codePointText(character)}`, at);
  }

  /** A name or number must not run into what is no space or sign. */
  #checked(lexeme: Lexeme): Lexeme {
    const isWord = lexeme.kind === 'field' || lexeme.kind === 'variable' || lexeme.kind === 'word';
    if (lexeme.kind === 'number' && /^[\p{L}\p{Nd}_]/u.test(this.#text.slice(this.#at, this.#at + 2))) {
      const [rest = ''] = /^./su.exec(this.#text.slice(this.#at))!;
      throw new TemplateMistake(`bad number syntax: ${quoted(lexeme.text + rest)}`, lexeme.at);
    }
    if (isWord && this.#match(wordEnd) === undefined && this.#at < this.#text.length) {
      const character = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
      throw new TemplateMistake(`bad character ${codePointText(character)}`, lexeme.at);
    }
    return lexeme;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0];
    if (text !== undefined) this.#at += text.length;
    return text;
  }

  #push(kind: LexemeKind, text: string, at: number): Lexeme {
    const lexeme = { kind, text, at };
    this.#lexemes.push(lexeme);
    return lexeme;
  }
}
