// Keys → texts, each completed by Enter: multi-line editing, history with search, completion. Keys that arrive between reads are queued
// for the next read, and not shown until then.

import { emitKeypressEvents, type Interface, type Key } from 'node:readline';
import type { Readable } from 'node:stream';
import { displayWidth } from '../output/cell-text.js';
import { inColumns } from '../output/name-columns.js';
import type { Completion } from './completion.js';
import { EditBuffer } from './edit-buffer.js';
import { EditScreen, type EditTerminal, type PaintedText } from './edit-screen.js';
import { searchHistory } from './history-search.js';

export interface EditorSettings {
  /** Before the first line of a text, and before each other one. */
  readonly prompts: readonly [string, string];
  /** History, newest first. The editor reads it at each key and never changes it. */
  readonly history: readonly string[];
  /** Whether Enter completes this text rather than starting another line. */
  isComplete(text: string): boolean;
  paint(text: string): readonly PaintedText[];
  /** Completions at the end of this text. A rejection counts as none. */
  complete(text: string): Promise<Completion>;
  /** Ctrl-C between reads. */
  interrupt(): void;
}

/** Result of a read: a text, Ctrl-C, or the end of the input. */
export type EditorAnswer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'interrupt'; readonly wasEmpty: boolean }
  | { readonly kind: 'end' };

/** A terminal that can deliver single keys, or any stream of such bytes. */
export type EditorInput = Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };

interface Press {
  readonly char: string | undefined;
  readonly key: Key;
}

interface Search {
  typed: string;
  /** Index of the entry that is shown, -1 before the first is found. */
  found: number;
  hasFailed: boolean;
  readonly before: { readonly text: string; readonly cursor: number };
}

// Bracketed paste: the terminal marks pasted text, so that line breaks in it run nothing.
const PASTE_ON = '\x1b[?2004h';
const PASTE_OFF = '\x1b[?2004l';
/** Time after which a lone Escape is a key rather than the start of a sequence. */
const ESCAPE_TIMEOUT_MS = 50;

export class LineEditor {
  readonly #input: EditorInput;
  readonly #output: EditTerminal;
  readonly #settings: EditorSettings;
  readonly #screen: EditScreen;
  readonly #buffer = new EditBuffer();
  readonly #ahead: Press[] = [];
  readonly #onKey = (char: string | undefined, key: Key) => this.#press({ char, key });
  readonly #onEnd = () => this.#end();
  readonly #onResize = () => this.#answer !== undefined && this.#draw();
  #answer: ((answer: EditorAnswer) => void) | undefined;
  #isCompleting = false;
  /** Characters of the current paste. */
  #pasted: string[] | undefined;
  #hasEnded = false;
  #search: Search | undefined;
  /** Index of the history entry being edited; -1 for none. */
  #recalled = -1;
  /** Text typed before the first entry was recalled. */
  #draft = '';

  constructor(streams: { readonly input: EditorInput; readonly output: EditTerminal }, settings: EditorSettings) {
    this.#input = streams.input;
    this.#output = streams.output;
    this.#settings = settings;
    this.#screen = new EditScreen(streams.output);
    // Only the key decoder of readline is used.
    const timing: Partial<Interface> & { escapeCodeTimeout: number } = { escapeCodeTimeout: ESCAPE_TIMEOUT_MS };
    emitKeypressEvents(this.#input, timing as Interface);
    this.#input.on('keypress', this.#onKey).on('end', this.#onEnd);
    this.#output.on('resize', this.#onResize);
    this.resume();
  }

  /** Shows the prompt and resolves with the typed text. */
  read(): Promise<EditorAnswer> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (this.#hasEnded) {
        this.#finish({ kind: 'end' });
        return;
      }
      this.#buffer.clear();
      this.#recalled = -1;
      this.#output.write(PASTE_ON);
      this.#draw();
      this.#replay();
    });
  }

  /** Whether a prompt is shown. */
  get isReading(): boolean {
    return this.#answer !== undefined;
  }

  /** Writes whole lines above the prompt and what is being typed. */
  printAbove(text: string): void {
    if (!this.isReading) throw new Error('printAbove() needs a prompt');
    this.#screen.erase();
    this.#output.write(text.replaceAll('\n', '\r\n'));
    this.#draw();
  }

  /** Discards complete lines that were typed ahead, but not the incomplete one after them. */
  dropTypedLines(): void {
    const last = this.#ahead.findLastIndex(({ key }) => key.name === 'return' || key.name === 'enter');
    this.#ahead.splice(0, last + 1);
  }

  /** Gives the terminal to another program until resume(). */
  suspend(): void {
    this.#input.setRawMode?.(false);
    this.#input.pause();
  }

  resume(): void {
    this.#input.setRawMode?.(true);
    this.#input.resume();
  }

  /** Ends the pending read and all later ones. */
  close(): void {
    this.#input.off('keypress', this.#onKey).off('end', this.#onEnd);
    this.#output.off('resize', this.#onResize);
    this.suspend();
    this.#end();
  }

  #end(): void {
    this.#hasEnded = true;
    if (this.#answer === undefined) return;
    this.#screen.leave();
    this.#finish({ kind: 'end' });
  }

  #finish(answer: EditorAnswer): void {
    const resolve = this.#answer!;
    this.#answer = undefined;
    this.#search = undefined;
    this.#output.write(PASTE_OFF);
    resolve(answer);
  }

  #press(press: Press): void {
    const { name, ctrl } = press.key;
    if (ctrl && name === 'z' && process.platform !== 'win32') {
      this.#stopProcess();
    } else if (this.#answer === undefined && ctrl && name === 'c') {
      this.#ahead.length = 0;
      this.#settings.interrupt();
    } else {
      this.#ahead.push(press);
      this.#replay();
    }
  }

  #replay(): void {
    while (this.#answer !== undefined && !this.#isCompleting) {
      const next = this.#ahead.shift();
      if (next === undefined) return;
      this.#take(next);
      // One redraw for all keys that arrived together.
      if (this.#answer !== undefined && this.#ahead.length === 0) this.#draw();
    }
  }

  #take({ char, key }: Press): void {
    if (key.name === 'paste-start') {
      this.#pasted = [];
      return;
    }
    if (this.#pasted !== undefined) {
      // Inserted as a whole, because inserting character by character takes quadratic time.
      if (key.name !== 'paste-end') this.#pasted.push(char ?? '');
      else this.#buffer.insert(this.#pasted.join('').replaceAll(/\r\n?/g, '\n'));
      if (key.name === 'paste-end') this.#pasted = undefined;
      return;
    }
    if (this.#search !== undefined && this.#takeInSearch(this.#search, char, key)) return;
    const name = keyName(key);
    const act = this.#actions[name] ?? bindings[name];
    if (act !== undefined) act(this.#buffer);
    else if (isTyped(char, key)) this.#buffer.insert(char!);
  }

  /** Keys that do more than edit the text. */
  readonly #actions: Readonly<Record<string, () => void>> = {
    return: () => this.#enter(),
    enter: () => this.#enter(),
    'ctrl-c': () => this.#interrupt(),
    'ctrl-d': () => (this.#buffer.text === '' ? this.#end() : this.#buffer.deleteForward()),
    tab: () => this.#complete(),
    up: () => this.#buffer.up() || this.#recall(this.#recalled + 1),
    down: () => this.#buffer.down() || this.#recall(this.#recalled - 1),
    'ctrl-p': () => this.#recall(this.#recalled + 1),
    'ctrl-n': () => this.#recall(this.#recalled - 1),
    'ctrl-r': () => this.#beginSearch(),
    'ctrl-l': () => this.#screen.clearTerminal(),
  };

  #enter(): void {
    const { text } = this.#buffer;
    if (!this.#settings.isComplete(text)) {
      this.#buffer.insert('\n');
      return;
    }
    this.#draw();
    this.#screen.leave();
    this.#finish({ kind: 'text', text });
  }

  #interrupt(): void {
    const wasEmpty = this.#buffer.text === '';
    this.#draw();
    this.#screen.leave('^C');
    this.#ahead.length = 0;
    this.#finish({ kind: 'interrupt', wasEmpty });
  }

  #recall(index: number): void {
    const { history } = this.#settings;
    if (index < -1 || index >= history.length) return;
    if (this.#recalled === -1) this.#draft = this.#buffer.text;
    this.#recalled = index;
    this.#buffer.set(index === -1 ? this.#draft : history[index]!);
  }

  #beginSearch(): void {
    const { text, cursor } = this.#buffer;
    this.#search = { typed: '', found: -1, hasFailed: false, before: { text, cursor } };
  }

  /** Handles a key during a search. Returns false if it ends the search and then acts on the found entry as usual. */
  #takeInSearch(search: Search, char: string | undefined, key: Key): boolean {
    switch (keyName(key)) {
      case 'ctrl-r':
        this.#find(search, search.found + 1, 1);
        return true;
      case 'ctrl-s':
        this.#find(search, search.found - 1, -1);
        return true;
      case 'backspace':
        search.typed = search.typed.slice(0, -1);
        this.#find(search, 0, 1);
        return true;
      case 'ctrl-c':
      case 'ctrl-g':
        this.#buffer.set(search.before.text, search.before.cursor);
        this.#search = undefined;
        return true;
      case 'escape':
        this.#search = undefined;
        return true;
    }
    if (isTyped(char, key)) {
      search.typed += char;
      this.#find(search, Math.max(0, search.found), 1);
      return true;
    }
    this.#recalled = search.found;
    this.#search = undefined;
    return false;
  }

  #find(search: Search, from: number, step: 1 | -1): void {
    const found = searchHistory(this.#settings.history, search.typed, from, step);
    search.hasFailed = found === undefined && search.typed !== '';
    if (found === undefined) return;
    search.found = found.index;
    this.#buffer.set(this.#settings.history[found.index]!, found.offset);
  }

  #complete(): void {
    const { text, cursor } = this.#buffer;
    const before = text.slice(0, cursor);
    if (before.slice(before.lastIndexOf('\n') + 1).trim() === '') {
      this.#buffer.insert('\t');
      return;
    }
    this.#isCompleting = true;
    this.#settings
      .complete(before)
      .then(
        (completion) => this.#show(completion),
        () => {}, // a completion that fails is one that was not found
      )
      .finally(() => {
        this.#isCompleting = false;
        if (this.#answer === undefined) return;
        this.#draw();
        this.#replay();
      });
  }

  /** Inserts the common prefix of all candidates, or lists them if it adds nothing. */
  #show({ candidates, replaced }: Completion): void {
    if (candidates.length === 0 || this.#answer === undefined) return;
    const common = commonStart(candidates);
    if (candidates.length === 1 || common.length > replaced.length) {
      const { text, cursor } = this.#buffer;
      const start = cursor - replaced.length;
      this.#buffer.set(text.slice(0, start) + common + text.slice(cursor), start + common.length);
      return;
    }
    this.#screen.leave();
    this.#output.write(inColumns(candidates, this.#output.columns ?? 80).replaceAll('\n', '\r\n'));
  }

  /** Ctrl-Z: restores the terminal until the process continues. */
  #stopProcess(): void {
    // The input is not paused, because it may be the only thing that keeps the process alive.
    this.#input.setRawMode?.(false);
    process.once('SIGCONT', () => {
      this.#input.setRawMode?.(true);
      if (this.#answer !== undefined) this.#draw();
    });
    process.kill(process.pid, 'SIGTSTP');
  }

  #draw(): void {
    const search = this.#search;
    const { prompts, paint } = this.#settings;
    const searching = `${search?.hasFailed ? 'nothing found' : 'search'} "${search?.typed ?? ''}": `;
    this.#screen.draw({
      pieces: paint(this.#buffer.text),
      cursor: this.#buffer.cursor,
      prompts: search === undefined ? prompts : [searching, ' '.repeat(displayWidth(searching))],
    });
  }
}

/** Keys that edit, as readline's and emacs' users know them. */
const bindings: Readonly<Record<string, (buffer: EditBuffer) => void>> = {
  left: (buffer) => buffer.left(),
  right: (buffer) => buffer.right(),
  'ctrl-b': (buffer) => buffer.left(),
  'ctrl-f': (buffer) => buffer.right(),
  'ctrl-left': (buffer) => buffer.wordLeft(),
  'ctrl-right': (buffer) => buffer.wordRight(),
  'meta-left': (buffer) => buffer.wordLeft(),
  'meta-right': (buffer) => buffer.wordRight(),
  'meta-b': (buffer) => buffer.wordLeft(),
  'meta-f': (buffer) => buffer.wordRight(),
  home: (buffer) => buffer.lineStart(),
  end: (buffer) => buffer.lineEnd(),
  'ctrl-a': (buffer) => buffer.lineStart(),
  'ctrl-e': (buffer) => buffer.lineEnd(),
  backspace: (buffer) => buffer.deleteBack(),
  'ctrl-h': (buffer) => buffer.deleteBack(),
  delete: (buffer) => buffer.deleteForward(),
  'ctrl-w': (buffer) => buffer.cutWordBack(),
  'meta-backspace': (buffer) => buffer.cutWordBack(),
  'meta-d': (buffer) => buffer.cutWordForward(),
  'ctrl-u': (buffer) => buffer.cutToLineStart(),
  'ctrl-k': (buffer) => buffer.cutToLineEnd(),
  'ctrl-y': (buffer) => buffer.yank(),
  'ctrl-t': (buffer) => buffer.transpose(),
  'ctrl-_': (buffer) => buffer.undo(),
};

function keyName(key: Key): string {
  if (key.sequence === '\x1f') return 'ctrl-_';
  return `${key.ctrl ? 'ctrl-' : ''}${key.meta && key.name !== 'escape' ? 'meta-' : ''}${key.name ?? ''}`;
}

/** Whether a key is a character rather than a command. */
function isTyped(char: string | undefined, key: Key): boolean {
  return char !== undefined && !key.ctrl && !key.meta && char >= ' ' && char !== '\x7f';
}

function commonStart(texts: readonly string[]): string {
  let common = texts[0] ?? '';
  for (const text of texts) {
    while (!text.toLowerCase().startsWith(common.toLowerCase())) common = common.slice(0, -1);
  }
  return common;
}
