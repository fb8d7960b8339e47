import { quoted } from '#promql/syntax/go-text';
import { unquote } from '#promql/syntax/string-literal';
import { parseFloat64 } from '../text/parse-float.js';
import { type Lexeme, type LexemeKind, lexTemplate, TemplateMistake } from './lexer.js';
import {
  type Command,
  type NumberConstant,
  nodeText,
  type Operand,
  type Pipe,
  type TemplateNode,
  type TemplateTree,
} from './node.js';

/** Parentheses and blocks inside each other. Parsing and running call themselves once a level. */
const MAX_DEPTH = 200;

const operandKinds: ReadonlySet<LexemeKind> = new Set([
  'field',
  'variable',
  'word',
  'number',
  'character',
  'string',
  'raw-string',
]);
const blockWords: ReadonlySet<string> = new Set(['if', 'with', 'range', 'else', 'end', 'define', 'block', 'template']);

/** Text → tree. `name` stands in errors, which are Go's. */
export function parseTemplate(name: string, text: string, functions: ReadonlySet<string>): TemplateTree {
  try {
    return new TemplateParser(name, text, functions).parse();
  } catch (error) {
    if (!(error instanceof TemplateMistake)) throw error;
    const line = text.slice(0, error.at).split('\n').length;
    throw new Error(`template: ${name}:${line}: ${error.message}`, { cause: error });
  }
}

/** What ends a list of nodes. */
type Terminator = 'end' | 'else' | 'end of text';

class TemplateParser {
  readonly #name: string;
  readonly #text: string;
  readonly #functions: ReadonlySet<string>;
  readonly #lexemes: readonly Lexeme[];
  readonly #defined = new Map<string, readonly TemplateNode[]>();
  #at = 0;
  #variables = ['$'];
  #depth = 0;
  #rangeDepth = 0;

  constructor(name: string, text: string, functions: ReadonlySet<string>) {
    this.#name = name;
    this.#text = text;
    this.#functions = functions;
    this.#lexemes = lexTemplate(text);
  }

  parse(): TemplateTree {
    const { nodes, terminator } = this.#list();
    if (terminator !== 'end of text') this.#fail(`unexpected {{${terminator}}}`);
    return { name: this.#name, text: this.#text, nodes, defined: this.#defined };
  }

  #list(): { nodes: TemplateNode[]; terminator: Terminator } {
    const nodes: TemplateNode[] = [];
    for (;;) {
      const lexeme = this.#take();
      if (lexeme.kind === 'end') return { nodes, terminator: 'end of text' };
      if (lexeme.kind === 'text') {
        nodes.push({ kind: 'text', text: lexeme.text });
        continue;
      }
      const word = this.#peekSolid();
      if (word.kind === 'word' && (word.text === 'end' || word.text === 'else')) {
        this.#takeSolid();
        if (word.text === 'end') this.#closeAction('end');
        return { nodes, terminator: word.text };
      }
      const node = this.#action();
      if (node !== undefined) nodes.push(node);
    }
  }

  #action(): TemplateNode | undefined {
    const word = this.#peekSolid();
    if (word.kind === 'word') {
      switch (word.text) {
        case 'if':
        case 'with':
        case 'range':
          this.#takeSolid();
          return this.#branch(word.text);
        case 'template':
          this.#takeSolid();
          return this.#template();
        case 'define':
          this.#takeSolid();
          return this.#define();
        case 'block':
          this.#takeSolid();
          return this.#block();
        case 'break':
        case 'continue':
          this.#takeSolid();
          if (this.#rangeDepth === 0) this.#fail(`{{${word.text}}} outside {{range}}`);
          this.#closeAction(`{{${word.text}}}`);
          return { kind: word.text };
      }
    }
    return { kind: 'action', pipe: this.#pipe('command', 'right-delimiter') };
  }

  #branch(kind: 'if' | 'with' | 'range'): TemplateNode {
    return this.#deeper(() => {
      const variables = this.#variables;
      this.#variables = [...variables];
      const pipe = this.#pipe(kind, 'right-delimiter');
      if (kind === 'range') this.#rangeDepth++;
      const { nodes, terminator } = this.#list();
      if (kind === 'range') this.#rangeDepth--;
      let otherwise: readonly TemplateNode[] | undefined;
      if (terminator === 'else') otherwise = this.#otherwise(kind);
      else if (terminator === 'end of text') this.#fail('unexpected EOF');
      this.#variables = variables;
      return { kind, pipe, body: nodes, otherwise };
    });
  }

  /** `{{else if …}}` is a branch of its own that ends with the one around it. */
  #otherwise(kind: 'if' | 'with' | 'range'): readonly TemplateNode[] {
    const word = this.#peekSolid();
    if (kind !== 'range' && word.kind === 'word' && word.text === kind) {
      this.#takeSolid();
      return [this.#branch(kind)];
    }
    this.#closeAction('else');
    const { nodes, terminator } = this.#list();
    if (terminator === 'end of text') this.#fail('unexpected EOF');
    if (terminator === 'else') this.#fail('expected end; found {{else}}');
    return nodes;
  }

  #template(): TemplateNode {
    const { at } = this.#peekSolid();
    const name = this.#quotedName('template clause');
    const pipe =
      this.#peekSolid().kind === 'right-delimiter' ? undefined : this.#pipe('template clause', 'right-delimiter');
    if (pipe === undefined) this.#takeSolid();
    return { kind: 'template', name, pipe, at };
  }

  #define(): undefined {
    const name = this.#quotedName('define clause');
    this.#closeAction('define clause');
    this.#defined.set(name, this.#body());
    return undefined;
  }

  #block(): TemplateNode {
    const { at } = this.#peekSolid();
    const name = this.#quotedName('block clause');
    const pipe = this.#pipe('block clause', 'right-delimiter');
    this.#defined.set(name, this.#body());
    return { kind: 'template', name, pipe, at };
  }

  /** The nodes of a template that is defined, in which only `$` is known. */
  #body(): readonly TemplateNode[] {
    return this.#deeper(() => {
      const variables = this.#variables;
      this.#variables = ['$'];
      const { nodes, terminator } = this.#list();
      if (terminator === 'end of text') this.#fail('unexpected EOF');
      if (terminator === 'else') this.#fail('unexpected {{else}} in define clause');
      this.#variables = variables;
      return nodes;
    });
  }

  #quotedName(context: string): string {
    const lexeme = this.#takeSolid();
    if (lexeme.kind !== 'string' && lexeme.kind !== 'raw-string') this.#unexpected(lexeme, context);
    return unquote(lexeme.text);
  }

  #closeAction(context: string): void {
    const lexeme = this.#takeSolid();
    if (lexeme.kind !== 'right-delimiter') this.#unexpected(lexeme, context);
  }

  #pipe(context: string, end: 'right-delimiter' | ')'): Pipe {
    const { at } = this.#peekSolid();
    const declared: string[] = [];
    const isAssignment = this.#declarations(context, declared);
    const commands: Command[] = [];
    for (;;) {
      const lexeme = this.#peekSolid();
      if (end === ')' ? lexeme.kind === 'sign' && lexeme.text === ')' : lexeme.kind === end) break;
      if (!isOperandStart(lexeme)) {
        this.#takeSolid();
        this.#unexpected(lexeme, context);
      }
      commands.push(this.#command());
    }
    this.#takeSolid();
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    for (const [index, { operands }] of commands.entries()) {
      const isConstant = ['bool', 'dot', 'nil', 'number', 'string'].includes(operands[0]!.kind);
      if (index > 0 && isConstant) this.#fail(`non executable command in pipeline stage ${index + 1}`);
    }
    return { kind: 'pipe', at, declared, isAssignment, commands };
  }

  /** `$x := ` or `$i, $x := `; true for `=`. */
  #declarations(context: string, declared: string[]): boolean {
    const start = this.#at;
    const variable = this.#peekSolid();
    if (variable.kind !== 'variable') return false;
    this.#takeSolid();
    const sign = this.#peekSolid();
    if (sign.kind === 'sign' && (sign.text === ':=' || sign.text === '=')) {
      this.#takeSolid();
      declared.push(variable.text);
      this.#variables.push(variable.text);
      return sign.text === '=';
    }
    if (sign.kind !== 'sign' || sign.text !== ',') {
      this.#at = start;
      return false;
    }
    this.#takeSolid();
    declared.push(variable.text);
    this.#variables.push(variable.text);
    if (context !== 'range' || declared.length > 1) this.#fail(`too many declarations in ${context}`);
    if (this.#peekSolid().kind !== 'variable') this.#fail('range can only initialize variables');
    return this.#declarations(context, declared);
  }

  #command(): Command {
    const { at } = this.#peekSolid();
    const operands: Operand[] = [];
    for (;;) {
      const operand = this.#operand();
      if (operand !== undefined) operands.push(operand);
      const next = this.#lexemes[this.#at]!;
      if (next.kind === 'space') {
        this.#at++;
        continue;
      }
      if (next.kind === 'right-delimiter' || (next.kind === 'sign' && next.text === ')')) break;
      this.#at++;
      if (next.kind === 'sign' && next.text === '|') break;
      this.#unexpected(next, 'operand');
    }
    if (operands.length === 0) this.#fail('empty command');
    return { kind: 'command', at, operands };
  }

  /** A term with the fields that are asked of it. */
  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined) return undefined;
    const path: string[] = [];
    const { at } = this.#lexemes[this.#at]!;
    while (this.#lexemes[this.#at]!.kind === 'field') path.push(this.#take().text.slice(1));
    if (path.length === 0) return term;
    if (term.kind === 'field' || term.kind === 'variable') return { ...term, path: [...term.path, ...path], at };
    if (['bool', 'string', 'number', 'nil', 'dot'].includes(term.kind)) {
      this.#fail(`unexpected . after term ${quoted(nodeText(term))}`);
    }
    return { kind: 'chain', of: term, path, at };
  }

  #term(): Operand | undefined {
    const lexeme = this.#peekSolid();
    const { kind, text, at } = lexeme;
    if (kind === 'sign') {
      if (text === '(') {
        this.#takeSolid();
        return this.#deeper(() => this.#pipe('parenthesized pipeline', ')'));
      }
      if (text !== '.') return undefined;
      this.#takeSolid();
      return { kind: 'dot', at };
    }
    if (!operandKinds.has(kind)) return undefined;
    this.#takeSolid();
    switch (kind) {
      case 'field':
        return { kind: 'field', path: [text.slice(1)], at };
      case 'variable':
        if (!this.#variables.includes(text)) this.#fail(`undefined variable ${quoted(text)}`);
        return { kind: 'variable', name: text, path: [], at };
      case 'string':
      case 'raw-string':
        return { kind: 'string', value: unquote(text), text, at };
      case 'number':
      case 'character':
        return { kind: 'number', number: this.#number(kind, text), at };
      default:
        return this.#word(text, at, lexeme);
    }
  }

  #word(text: string, at: number, lexeme: Lexeme): Operand {
    if (text === 'true' || text === 'false') return { kind: 'bool', value: text === 'true', at };
    if (text === 'nil') return { kind: 'nil', at };
    if (blockWords.has(text)) this.#unexpected(lexeme, 'operand');
    if (!this.#functions.has(text)) this.#fail(`function ${quoted(text)} not defined`);
    return { kind: 'function', name: text, at };
  }

  #number(kind: 'number' | 'character', text: string): NumberConstant {
    if (kind === 'character') {
      const code = unquote(`"${text.slice(1, -1).replaceAll('"', '\\"').replaceAll("\\'", "'")}"`).codePointAt(0);
      return { text, int: BigInt(code ?? 0), float: code };
    }
    const digits = text.replaceAll('_', '');
    const sign = digits.startsWith('-') ? -1n : 1n;
    const magnitude = digits.replace(/^[+-]/, '');
    if (/^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|\d+)$/.test(magnitude)) {
      const int = BigInt(/^0[0-7]+$/.test(magnitude) ? `0o${magnitude.slice(1)}` : magnitude) * sign;
      return { text, int, float: Number(int) };
    }
    const float = parseFloat64(digits);
    return { text, int: Number.isSafeInteger(float) ? BigInt(float) : undefined, float };
  }

  #deeper<Result>(parse: () => Result): Result {
    if (++this.#depth > MAX_DEPTH) this.#fail('max expression depth exceeded');
    const result = parse();
    this.#depth--;
    return result;
  }

  #take(): Lexeme {
    return this.#lexemes[this.#at++]!;
  }

  #peekSolid(): Lexeme {
    while (this.#lexemes[this.#at]!.kind === 'space') this.#at++;
    return this.#lexemes[this.#at]!;
  }

  #takeSolid(): Lexeme {
    const lexeme = this.#peekSolid();
    this.#at++;
    return lexeme;
  }

  #unexpected(lexeme: Lexeme, context: string): never {
    return this.#fail(`unexpected ${lexemeText(lexeme)} in ${context}`);
  }

  #fail(message: string): never {
    throw new TemplateMistake(message, this.#lexemes[Math.min(this.#at, this.#lexemes.length) - 1]?.at ?? 0);
  }
}

function isOperandStart({ kind, text }: Lexeme): boolean {
  return operandKinds.has(kind) || (kind === 'sign' && (text === '(' || text === '.'));
}

function lexemeText({ kind, text }: Lexeme): string {
  if (kind === 'end') return 'EOF';
  if (kind === 'word' && blockWords.has(text)) return `<${text}>`;
  return text.length > 10 ? `${quoted(text.slice(0, 10))}...` : quoted(text);
}
