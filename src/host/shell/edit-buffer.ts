// The text being typed, of one or more lines, and its cursor. It knows neither keys nor screens.

const graphemes = new Intl.Segmenter();
const WORD_CHARACTER = /[\p{L}\p{N}_]/u;
/** Undo steps. People do not remember more of them. */
const MAX_UNDO = 200;

export class EditBuffer {
  #text = '';
  #cursor = 0;
  /** Last cut text, for yank(). */
  #cut = '';
  #undo: { readonly text: string; readonly cursor: number }[] = [];

  get text(): string {
    return this.#text;
  }

  /** Offset into the text, never inside a grapheme. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Replaces all of the text, with the cursor behind it. */
  set(text: string, cursor = text.length): void {
    this.#change(text, cursor);
  }

  /** Starts over and clears the undo history. */
  clear(): void {
    this.#text = '';
    this.#cursor = 0;
    this.#undo = [];
  }

  insert(text: string): void {
    this.#splice(this.#cursor, this.#cursor, text);
  }

  deleteBack(): void {
    this.#splice(this.#before(), this.#cursor, '');
  }

  deleteForward(): void {
    this.#splice(this.#cursor, this.#after(), '');
  }

  cutWordBack(): void {
    this.#cutTo(this.#wordStart());
  }

  cutWordForward(): void {
    this.#cutTo(this.#wordEnd());
  }

  /** Cuts to the start of the line, or joins it with the previous one. */
  cutToLineStart(): void {
    this.#cutTo(this.#cursor === this.#lineStart() ? this.#before() : this.#lineStart());
  }

  /** Cuts to the end of the line, or joins the next line. */
  cutToLineEnd(): void {
    this.#cutTo(this.#cursor === this.#lineEnd() ? this.#after() : this.#lineEnd());
  }

  yank(): void {
    this.insert(this.#cut);
  }

  /** Swaps the two characters around the cursor, or the last two at the end of a line. */
  transpose(): void {
    const end = this.#cursor === this.#lineEnd() ? this.#cursor : this.#after();
    const middle = this.#before(end);
    const start = this.#before(middle);
    if (start < this.#lineStart() || start === middle) return;
    this.#splice(start, end, this.#text.slice(middle, end) + this.#text.slice(start, middle));
  }

  undo(): void {
    const earlier = this.#undo.pop();
    if (earlier === undefined) return;
    this.#text = earlier.text;
    this.#cursor = earlier.cursor;
  }

  left(): void {
    this.#cursor = this.#before();
  }

  right(): void {
    this.#cursor = this.#after();
  }

  wordLeft(): void {
    this.#cursor = this.#wordStart();
  }

  wordRight(): void {
    this.#cursor = this.#wordEnd();
  }

  lineStart(): void {
    this.#cursor = this.#lineStart();
  }

  lineEnd(): void {
    this.#cursor = this.#lineEnd();
  }

  /** Moves up a line. Returns false on the first line, where the cursor stays. */
  up(): boolean {
    const start = this.#lineStart();
    if (start === 0) return false;
    this.#cursor = this.#inLine(this.#lineStart(start - 1), this.#cursor - start);
    return true;
  }

  /** Moves down a line. Returns false on the last line, where the cursor stays. */
  down(): boolean {
    const end = this.#lineEnd();
    if (end === this.#text.length) return false;
    this.#cursor = this.#inLine(end + 1, this.#cursor - this.#lineStart());
    return true;
  }

  #splice(start: number, end: number, text: string): void {
    if (start === end && text === '') return;
    this.#change(this.#text.slice(0, start) + text + this.#text.slice(end), start + text.length);
  }

  #cutTo(end: number): void {
    const [from, to] = end < this.#cursor ? [end, this.#cursor] : [this.#cursor, end];
    if (from === to) return;
    this.#cut = this.#text.slice(from, to);
    this.#splice(from, to, '');
  }

  #change(text: string, cursor: number): void {
    this.#undo.push({ text: this.#text, cursor: this.#cursor });
    if (this.#undo.length > MAX_UNDO) this.#undo.shift();
    this.#text = text;
    this.#cursor = cursor;
  }

  #lineStart(at = this.#cursor): number {
    return at === 0 ? 0 : this.#text.lastIndexOf('\n', at - 1) + 1;
  }

  #lineEnd(at = this.#cursor): number {
    const end = this.#text.indexOf('\n', at);
    return end === -1 ? this.#text.length : end;
  }

  /** Offset of a column in the line at `start`, limited to the line's end. */
  #inLine(start: number, column: number): number {
    const wanted = Math.min(start + column, this.#lineEnd(start));
    const character = graphemes.segment(this.#text).containing(wanted);
    return character?.index ?? wanted;
  }

  #before(at = this.#cursor): number {
    return at === 0 ? 0 : graphemes.segment(this.#text).containing(at - 1)!.index;
  }

  #after(): number {
    const character = graphemes.segment(this.#text).containing(this.#cursor);
    return character === undefined ? this.#cursor : character.index + character.segment.length;
  }

  #wordStart(): number {
    let at = this.#cursor;
    while (at > 0 && !WORD_CHARACTER.test(this.#text[at - 1]!)) at--;
    while (at > 0 && WORD_CHARACTER.test(this.#text[at - 1]!)) at--;
    return at;
  }

  #wordEnd(): number {
    let at = this.#cursor;
    while (at < this.#text.length && !WORD_CHARACTER.test(this.#text[at]!)) at++;
    while (at < this.#text.length && WORD_CHARACTER.test(this.#text[at]!)) at++;
    return at;
  }
}
