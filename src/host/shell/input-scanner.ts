// Chunks of text → SQL statements and dot commands, each as soon as it is complete. It knows just enough of DuckDB's lexer to
// distinguish a `;` that ends a statement from one in a string, a name or a comment.

export interface Command {
  readonly kind: 'sql' | 'dot';
  /** A statement without its `;`, or a dot command's line. */
  readonly text: string;
  /** First line of the text in the input, counted from 1. */
  readonly line: number;
}

type Place = 'plain' | 'string' | 'escapeString' | 'name' | 'dollarQuote' | 'lineComment' | 'blockComment' | 'dotLine';

const NAME_CHARACTER = /[\w$\u0080-\uffff]/;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const DOLLAR_TAG_START = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?$/y;

export class InputScanner {
  /** Text that is not part of a complete command yet. */
  #text = '';
  /** Scan position in `#text`. */
  #at = 0;
  #place: Place = 'plain';
  #dollarTag = '';
  #commentDepth = 0;
  /** Whether the pending statement has more than whitespace and comments. */
  #hasToken = false;
  #isLineStart = true;
  /** Line number of the first character of `#text`. */
  #line = 1;

  /** Whether a statement has started, so that the next line continues it. */
  get isPending(): boolean {
    return this.#hasToken || this.#place === 'blockComment';
  }

  /** Text of the incomplete statement. */
  get pending(): string {
    return this.#text;
  }

  push(text: string): Command[] {
    this.#text += text;
    return this.#scan(false);
  }

  /** Treats the end of the input as the end of its last command. */
  end(): Command[] {
    const commands = this.#scan(true);
    if (this.#hasToken) commands.push(this.#take('sql', this.#text.length, this.#text.length));
    this.clear();
    return commands;
  }

  /** Forgets the pending statement. */
  clear(): void {
    this.#consume(this.#text.length);
    this.#place = 'plain';
    this.#hasToken = false;
    this.#isLineStart = true;
  }

  #scan(isEnd: boolean): Command[] {
    const commands: Command[] = [];
    while (this.#at < this.#text.length) {
      if (this.#place === 'plain') {
        if (!this.#scanPlain(commands, isEnd)) break;
      } else if (this.#place === 'dotLine') {
        const end = this.#text.indexOf('\n', this.#at);
        if (end < 0 && !isEnd) break;
        const lineEnd = end < 0 ? this.#text.length : end;
        commands.push(this.#take('dot', lineEnd, lineEnd));
      } else if (!this.#scanInside(isEnd)) break;
    }
    return commands;
  }

  /** Consumes one character or the start of a longer token. Returns false if more text is needed to decide. */
  #scanPlain(commands: Command[], isEnd: boolean): boolean {
    const text = this.#text;
    const char = text[this.#at]!;
    const next = text[this.#at + 1];
    if (next === undefined && !isEnd && (char === '-' || char === '/')) return false;
    if (char === ';') {
      if (this.#hasToken) commands.push(this.#take('sql', this.#at, this.#at + 1));
      else this.#consume(this.#at + 1);
      this.#isLineStart = false;
      return true;
    }
    if (char === '\n') this.#isLineStart = true;
    if (/\s/.test(char)) {
      this.#at++;
      return true;
    }
    if (char === '-' && next === '-') return this.#enter('lineComment', 2);
    if (char === '/' && next === '*') {
      this.#commentDepth = 1;
      return this.#enter('blockComment', 2);
    }
    if (char === '.' && !this.#hasToken && this.#isLineStart) {
      this.#consume(this.#at); // comments before a dot command are no part of it
      return this.#enter('dotLine', 1);
    }
    if (char === '$' && !NAME_CHARACTER.test(text[this.#at - 1] ?? '')) {
      DOLLAR_TAG.lastIndex = this.#at;
      DOLLAR_TAG_START.lastIndex = this.#at;
      const tag = DOLLAR_TAG.exec(text)?.[0];
      if (tag === undefined && !isEnd && DOLLAR_TAG_START.test(text)) return false;
      if (tag !== undefined) {
        this.#dollarTag = tag;
        return this.#enter('dollarQuote', tag.length, true);
      }
    }
    if (char === "'") return this.#enter(this.#isEscapeString() ? 'escapeString' : 'string', 1, true);
    if (char === '"') return this.#enter('name', 1, true);
    return this.#enter('plain', 1, true);
  }

  /** Whether the quote at hand opens an `e'…'` string, in which a backslash escapes. */
  #isEscapeString(): boolean {
    const before = this.#text[this.#at - 1];
    return (before === 'e' || before === 'E') && !NAME_CHARACTER.test(this.#text[this.#at - 2] ?? '');
  }

  #enter(place: Place, length: number, isToken = false): true {
    this.#place = place;
    this.#at += length;
    if (isToken) this.#hasToken = true;
    if (place !== 'plain' || isToken) this.#isLineStart = false;
    return true;
  }

  /** Skips to the end of the string, name or comment. Returns false if that has not arrived yet. */
  #scanInside(isEnd: boolean): boolean {
    const text = this.#text;
    switch (this.#place) {
      case 'lineComment':
        return this.#leaveAt(text.indexOf('\n', this.#at), 0);
      case 'dollarQuote': {
        const end = text.indexOf(this.#dollarTag, this.#at);
        // The closing tag may have arrived in part.
        if (end < 0) this.#at = Math.max(this.#at, text.length - this.#dollarTag.length + 1);
        return end >= 0 && this.#leaveAt(end, this.#dollarTag.length);
      }
      case 'string':
        return this.#leaveAt(text.indexOf("'", this.#at), 1);
      case 'name':
        return this.#leaveAt(text.indexOf('"', this.#at), 1);
      case 'escapeString': {
        const char = text[this.#at]!;
        const next = text[this.#at + 1];
        if (next === undefined && !isEnd && (char === '\\' || char === "'")) return false;
        if (char === '\\' || (char === "'" && next === "'")) this.#at += 2;
        else if (char === "'") return this.#leaveAt(this.#at, 1);
        else this.#at++;
        return true;
      }
      default: {
        const char = text[this.#at]!;
        const next = text[this.#at + 1];
        if (next === undefined && !isEnd && (char === '*' || char === '/')) return false;
        if (char === '*' && next === '/') {
          this.#commentDepth--;
          this.#at += 2;
          if (this.#commentDepth === 0) this.#place = 'plain';
        } else if (char === '/' && next === '*') {
          this.#commentDepth++;
          this.#at += 2;
        } else this.#at++;
        return true;
      }
    }
  }

  #leaveAt(end: number, length: number): boolean {
    if (end < 0) {
      this.#at = this.#text.length;
      return false;
    }
    this.#at = end + length;
    this.#place = 'plain';
    return true;
  }

  #take(kind: Command['kind'], textEnd: number, end: number): Command {
    const raw = this.#text.slice(0, textEnd);
    const space = raw.length - raw.trimStart().length;
    const line = this.#line + newlines(raw.slice(0, space));
    this.#consume(end);
    this.#place = 'plain';
    this.#hasToken = false;
    return { kind, text: raw.trim(), line };
  }

  #consume(end: number): void {
    this.#line += newlines(this.#text.slice(0, end));
    this.#text = this.#text.slice(end);
    this.#at = 0;
  }
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}
