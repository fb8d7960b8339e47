import { quoted } from '#promql/syntax/go-text';
import { dayName, dayOfYear, formatTime, GoTime, monthName } from './go-time.js';
import {
  type Command,
  type NumberConstant,
  nodeText,
  type Operand,
  type Pipe,
  type TemplateNode,
  type TemplateTree,
} from './node.js';
import { utc } from './time-zone.js';
import { type GoValue, Int64, isTrue, JsonObject, printedText, typeName } from './value.js';

/** What a parameter takes. `any` takes every value, and nil. */
export type ParameterType = 'string' | 'int' | 'float64' | 'time.Time' | 'any';

/** What functions can see of the line for which a template runs. */
export interface TemplateLine {
  readonly line: string;
  readonly timeNs: bigint;
}

export interface TemplateFunction {
  readonly parameters: readonly ParameterType[];
  /** Type of what may follow the parameters, any number of times. */
  readonly rest?: ParameterType;
  readonly call: (values: readonly GoValue[], line: TemplateLine) => GoValue;
}

/** Longest text that a template may write, and most nodes that it may run for a line. */
const MAX_OUTPUT = 4_194_304;
const MAX_STEPS = 100_000;
/** Templates that call each other. */
const MAX_CALLS = 100;

/** Labels by name → text. Throws an error with Go's text. */
export type CompiledTemplate = (labels: ReadonlyMap<string, string>, line: TemplateLine) => string;

interface State {
  dot: GoValue;
  /** Values of variables, by the places that the compiler gave them. */
  readonly variables: GoValue[];
  readonly run: Run;
}

interface Run {
  output: string;
  steps: number;
  calls: number;
  readonly line: TemplateLine;
}

type Action = (state: State) => void;
type Expression = (state: State) => GoValue;

/** Ends a round of `range`, or all of them. */
class Leave {
  readonly kind: 'break' | 'continue';

  constructor(kind: 'break' | 'continue') {
    this.kind = kind;
  }
}

const leaves = { break: new Leave('break'), continue: new Leave('continue') };

export function compileTemplate(
  tree: TemplateTree,
  functions: ReadonlyMap<string, TemplateFunction>,
): CompiledTemplate {
  const action = new Compiler(tree, functions).compile();
  return (labels, line) => {
    const run: Run = { output: '', steps: 0, calls: 0, line };
    action({ dot: labels, variables: [labels], run });
    return run.output;
  };
}

/** The labels that a template names, which parsers must not leave out. */
export function labelsOf(tree: TemplateTree): readonly string[] {
  const labels: string[] = [];
  const ofPipe = (pipe: Pipe | undefined): void => {
    for (const { operands } of pipe?.commands ?? []) {
      for (const operand of operands) {
        if (operand.kind === 'field') labels.push(...operand.path);
        else if (operand.kind === 'pipe') ofPipe(operand);
      }
    }
  };
  const ofNodes = (nodes: readonly TemplateNode[]): void => {
    for (const node of nodes) {
      if ('pipe' in node) ofPipe(node.pipe);
      if ('body' in node) {
        ofNodes(node.body);
        ofNodes(node.otherwise ?? []);
      }
    }
  };
  ofNodes(tree.nodes);
  return [...new Set(labels)];
}

class Compiler {
  readonly #tree: TemplateTree;
  readonly #functions: ReadonlyMap<string, TemplateFunction>;
  readonly #templates = new Map<string, Action>();
  /** Names of the variables in sight, and their places. */
  #scope: (readonly [name: string, place: number])[] = [['$', 0]];
  #places = 1;

  constructor(tree: TemplateTree, functions: ReadonlyMap<string, TemplateFunction>) {
    this.#tree = tree;
    this.#functions = functions;
  }

  compile(): Action {
    for (const [name, nodes] of this.#tree.defined) {
      this.#scope = [['$', 0]];
      this.#templates.set(name, this.#list(nodes));
    }
    this.#scope = [['$', 0]];
    return this.#list(this.#tree.nodes);
  }

  #list(nodes: readonly TemplateNode[]): Action {
    const scope = this.#scope;
    this.#scope = [...scope];
    const actions = nodes.map((node) => this.#node(node));
    this.#scope = scope;
    return (state) => {
      for (const action of actions) {
        if (++state.run.steps > MAX_STEPS)
          throw new Error(`template: ${this.#tree.name}: more than ${MAX_STEPS} steps`);
        action(state);
      }
    };
  }

  #node(node: TemplateNode): Action {
    switch (node.kind) {
      case 'text': {
        const { text } = node;
        return (state) => this.#write(state, text);
      }
      case 'action': {
        const evaluate = this.#pipe(node.pipe);
        if (node.pipe.declared.length > 0) return evaluate;
        return (state) => this.#write(state, printedText(evaluate(state)));
      }
      case 'if':
      case 'with':
        return this.#condition(node);
      case 'range':
        return this.#range(node);
      case 'template':
        return this.#template(node);
      case 'break':
      case 'continue': {
        const { kind } = node;
        return () => {
          throw leaves[kind];
        };
      }
    }
  }

  #write({ run }: State, text: string): void {
    run.output += text;
    if (run.output.length > MAX_OUTPUT)
      throw new Error(`template: ${this.#tree.name}: text of more than ${MAX_OUTPUT} characters`);
  }

  #condition({ kind, pipe, body, otherwise }: Extract<TemplateNode, { kind: 'if' | 'with' | 'range' }>): Action {
    const scope = this.#scope;
    this.#scope = [...scope];
    const evaluate = this.#pipe(pipe);
    const onTrue = this.#list(body);
    const onFalse = otherwise === undefined ? undefined : this.#list(otherwise);
    this.#scope = scope;
    return (state) => {
      const value = evaluate(state);
      if (isTrue(value)) onTrue(kind === 'with' ? { ...state, dot: value } : state);
      else onFalse?.(state);
    };
  }

  #range({ pipe, body, otherwise }: Extract<TemplateNode, { kind: 'if' | 'with' | 'range' }>): Action {
    const scope = this.#scope;
    this.#scope = [...scope];
    const { declared, isAssignment } = pipe;
    const evaluate = this.#pipe({ ...pipe, declared: [] });
    const places = declared.map((name) => (isAssignment ? this.#place(name) : this.#declare(name)));
    const round = this.#list(body);
    const onEmpty = otherwise === undefined ? undefined : this.#list(otherwise);
    this.#scope = scope;
    return (state) => {
      const value = evaluate(state);
      const items = this.#items(value, declared.length, pipe);
      if (items.length === 0) onEmpty?.(state);
      for (const [index, element] of items) {
        const elementPlace = places.at(-1);
        if (elementPlace !== undefined) state.variables[elementPlace] = element;
        if (places.length > 1) state.variables[places[0]!] = index;
        try {
          round({ ...state, dot: element });
        } catch (error) {
          if (!(error instanceof Leave)) throw error;
          if (error.kind === 'break') return;
        }
      }
    };
  }

  /** What `range` goes through: pairs of index and element. */
  #items(value: GoValue, variables: number, pipe: Pipe): readonly (readonly [GoValue, GoValue])[] {
    if (value === undefined) return [];
    if (typeof value === 'bigint' || value instanceof Int64) {
      const count = Number(value instanceof Int64 ? value.value : value);
      if (variables > 1) this.#fail(lastNode(pipe), `can't use ${count} to iterate over more than one variable`);
      if (count > MAX_STEPS) this.#fail(lastNode(pipe), `more than ${MAX_STEPS} steps`);
      return Array.from({ length: Math.max(count, 0) }, (_, index) => [undefined, BigInt(index)] as const);
    }
    if (Array.isArray(value)) return value.map((element: GoValue, index) => [BigInt(index), element] as const);
    const fields = value instanceof JsonObject ? value.fields : value instanceof Map ? value : undefined;
    if (fields === undefined) return this.#fail(lastNode(pipe), `range can't iterate over ${printedText(value)}`);
    return ([...fields] as [string, GoValue][]).sort(([left], [right]) => (left < right ? -1 : 1));
  }

  #template({ name, pipe, at }: Extract<TemplateNode, { kind: 'template' }>): Action {
    const evaluate = pipe === undefined ? () => undefined : this.#pipe(pipe);
    return (state) => {
      const action = this.#templates.get(name);
      const place = { kind: 'string', value: name, text: `{{template ${quoted(name)}}}`, at } as const;
      if (action === undefined) this.#fail(place, `template ${quoted(name)} not defined`);
      if (++state.run.calls > MAX_CALLS) this.#fail(place, `exceeded maximum template depth (${MAX_CALLS})`);
      const dot = evaluate(state);
      action!({ dot, variables: [dot], run: state.run });
      state.run.calls--;
    };
  }

  #pipe(pipe: Pipe): Expression {
    let evaluate: Expression | undefined;
    for (const command of pipe.commands) evaluate = this.#command(command, evaluate);
    const value = evaluate!;
    const [name] = pipe.declared;
    if (name === undefined) return value;
    const place = pipe.isAssignment ? this.#place(name) : this.#declare(name);
    return (state) => {
      const result = value(state);
      state.variables[place] = result;
      return result;
    };
  }

  #declare(name: string): number {
    const place = this.#places++;
    this.#scope.push([name, place]);
    return place;
  }

  #place(name: string): number {
    return this.#scope.findLast(([each]) => each === name)![1];
  }

  #command(command: Command, final: Expression | undefined): Expression {
    const [first, ...rest] = command.operands;
    if (first === undefined) throw new Error('BUG: a command without operands');
    switch (first.kind) {
      case 'function':
        return this.#call(first, rest, final, command);
      case 'field':
        return this.#fields(() => undefined, first, rest, final, 'dot');
      case 'nil':
        return () => this.#fail(first, 'nil is not a command');
      case 'variable':
      case 'chain':
      case 'pipe': {
        const isCall = first.kind !== 'pipe' && first.path.length > 0;
        if (!isCall) break;
        return this.#operand(first, rest, final);
      }
    }
    const value = this.#operand(first, [], undefined);
    if (rest.length === 0 && final === undefined) return value;
    return () => this.#fail(first, `can't give argument to non-function ${nodeText(first)}`);
  }

  /** A value; where it is a method at the end of a path, with its arguments. */
  #operand(operand: Operand, rest: readonly Operand[], final: Expression | undefined): Expression {
    switch (operand.kind) {
      case 'dot':
        return (state) => state.dot;
      case 'nil':
        return () => undefined;
      case 'bool':
      case 'string': {
        const { value } = operand;
        return () => value;
      }
      case 'number': {
        const value = untyped(operand.number);
        if (value === undefined) return () => this.#fail(operand, `${operand.number.text} overflows int`);
        return () => value;
      }
      case 'pipe':
        return this.#pipe(operand);
      case 'function':
        return this.#call(operand, [], undefined, { kind: 'command', at: operand.at, operands: [operand] });
      case 'field':
        return this.#fields(() => undefined, operand, rest, final, 'dot');
      case 'variable': {
        const place = this.#place(operand.name);
        if (operand.path.length === 0) return (state) => state.variables[place];
        return this.#fields((state) => state.variables[place], operand, rest, final, 'value');
      }
      case 'chain':
        return this.#fields(this.#operand(operand.of, [], undefined), operand, rest, final, 'value');
    }
  }

  #fields(
    start: Expression,
    operand: Extract<Operand, { path: readonly string[] }>,
    rest: readonly Operand[],
    final: Expression | undefined,
    from: 'dot' | 'value',
  ): Expression {
    const { path } = operand;
    const args = rest.map((each) => this.#operand(each, [], undefined));
    return (state) => {
      let value = from === 'dot' ? state.dot : start(state);
      const values = args.map((evaluate) => evaluate(state));
      if (final !== undefined) values.push(final(state));
      let isElement = false;
      for (const [index, name] of path.entries()) {
        const receiver = value;
        value = this.#field(receiver, name, index === path.length - 1 ? values : [], operand, isElement);
        isElement = receiver instanceof JsonObject;
      }
      return value;
    };
  }

  /** A field or method. `isElement`: the value was itself a field of what JSON gave, so that Go knows no type for it. */
  #field(value: GoValue, name: string, args: readonly GoValue[], operand: Operand, isElement: boolean): GoValue {
    if (value instanceof GoTime) {
      const method = timeMethods.get(name);
      if (method !== undefined) return method(value, args);
    } else {
      const fields = value instanceof JsonObject ? value.fields : value instanceof Map ? value : undefined;
      if (fields !== undefined) {
        if (args.length > 0) this.#fail(operand, `${name} is not a method but has arguments`);
        const found = (fields as ReadonlyMap<string, GoValue>).get(name);
        return found === undefined && value instanceof Map ? '' : found;
      }
    }
    const place = operand.kind === 'chain' ? lastNode(operand.of) : operand;
    if (value === undefined) return this.#fail(place, `nil pointer evaluating interface {}.${name}`);
    return this.#fail(place, `can't evaluate field ${name} in type ${isElement ? 'interface {}' : typeName(value)}`);
  }

  #call(
    operand: Extract<Operand, { kind: 'function' }>,
    rest: readonly Operand[],
    final: Expression | undefined,
    command: Command,
  ): Expression {
    const { name } = operand;
    const called = this.#functions.get(name)!;
    if (name === 'and' || name === 'or') return this.#logic(name, operand, rest, final);
    const { parameters, rest: variadic, call } = called;
    const given = rest.length + (final === undefined ? 0 : 1);
    const problem = argumentProblem(name, called, given, rest.length);
    if (problem !== undefined) return () => this.#fail(operand, problem);
    const typeAt = (index: number): ParameterType => parameters[index] ?? variadic!;
    const args = rest.map((each, index) => this.#argument(each, typeAt(index)));
    const finalType = typeAt(given - 1);
    return (state) => {
      const values = args.map((evaluate) => evaluate(state));
      if (final !== undefined) values.push(this.#typed(final(state), finalType, rest.at(-1) ?? operand));
      try {
        return call(values, state.run.line);
      } catch (error) {
        return this.#fail(command, `error calling ${name}: ${(error as Error).message}`);
      }
    };
  }

  /** The first value that decides, or the last one. Those behind it are not asked for. */
  #logic(name: 'and' | 'or', operand: Operand, rest: readonly Operand[], final: Expression | undefined): Expression {
    const values = rest.map((each) => this.#operand(each, [], undefined));
    if (final !== undefined) values.push(final);
    if (values.length === 0)
      return () => this.#fail(operand, `wrong number of args for ${name}: want at least 1 got 0`);
    return (state) => {
      let value: GoValue;
      for (const evaluate of values) {
        value = evaluate(state);
        if (isTrue(value) === (name === 'or')) return value;
      }
      return value;
    };
  }

  /** An argument; a constant becomes what the parameter wants, if it can be. */
  #argument(operand: Operand, type: ParameterType): Expression {
    if (type !== 'any') {
      const constant = this.#constant(operand, type);
      if (constant !== undefined) return constant;
    }
    const evaluate = this.#operand(operand, [], undefined);
    return (state) => this.#typed(evaluate(state), type, operand);
  }

  #constant(operand: Operand, type: Exclude<ParameterType, 'any'>): Expression | undefined {
    if (operand.kind === 'nil') return () => this.#fail(operand, `cannot assign nil to ${type}`);
    if (operand.kind !== 'number' && operand.kind !== 'string' && operand.kind !== 'bool') return undefined;
    if (type === 'string' && operand.kind === 'string') return undefined;
    if (type === 'int' && operand.kind === 'number' && operand.number.int !== undefined) {
      const { int } = operand.number;
      return () => int;
    }
    if (type === 'float64' && operand.kind === 'number' && operand.number.float !== undefined) {
      const { float } = operand.number;
      return () => float;
    }
    const wanted = { string: 'string', int: 'integer', float64: 'float' }[type as 'string'];
    if (wanted === undefined)
      return () => this.#fail(operand, `can't handle ${nodeText(operand)} for arg of type ${type}`);
    return () => this.#fail(operand, `expected ${wanted}; found ${nodeText(operand)}`);
  }

  #typed(value: GoValue, type: ParameterType, operand: Operand): GoValue {
    if (type === 'any' || typeName(value) === type) return value;
    const place = lastNode(operand);
    if (value === undefined) return this.#fail(place, `invalid value; expected ${type}`);
    return this.#fail(place, `wrong type for value; expected ${type}; got ${typeName(value)}`);
  }

  #fail(node: Operand | Command, message: string): never {
    const before = this.#tree.text.slice(0, node.at);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    const { name } = this.#tree;
    throw new Error(
      `template: ${name}:${line}:${column}: executing ${quoted(name)} at <${nodeText(node)}>: ${message}`,
    );
  }
}

/** What was looked at last for an operand's value, which is where Go sees its errors. */
function lastNode(operand: Operand): Operand {
  if (operand.kind === 'pipe') return lastNode(operand.commands.at(-1)!.operands.at(-1)!);
  return operand.kind === 'chain' ? lastNode(operand.of) : operand;
}

function argumentProblem(
  name: string,
  { parameters, rest }: TemplateFunction,
  given: number,
  written: number,
): string | undefined {
  if (rest !== undefined) {
    if (given >= parameters.length) return undefined;
    return `wrong number of args for ${name}: want at least ${parameters.length} got ${written}`;
  }
  if (given === parameters.length) return undefined;
  return `wrong number of args for ${name}: want ${parameters.length} got ${given}`;
}

/** A number where nothing says what it should be: a float64 if it is written as one, else an int. */
function untyped({ text, int, float }: NumberConstant): GoValue {
  const isFloat = /[.eEpP]/.test(text) && !/^[+-]?0[xX][^pP]*$/.test(text) && !text.startsWith("'");
  if (isFloat) return float;
  return int !== undefined && BigInt.asIntN(64, int) === int ? int : undefined;
}

const timeMethods = new Map<string, (time: GoTime, args: readonly GoValue[]) => GoValue>([
  ['Format', (time, [layout]) => formatTime(time, String(layout))],
  ['Unix', (time) => new Int64(time.unixSeconds)],
  ['UnixMilli', (time) => new Int64((time.unixNs - (time.nanosecond % 1_000_000n)) / 1_000_000n)],
  ['UnixMicro', (time) => new Int64((time.unixNs - (time.nanosecond % 1_000n)) / 1_000n)],
  ['UnixNano', (time) => new Int64(time.unixNs)],
  ['UTC', (time) => time.in(utc)],
  ['Local', (time) => time.in(utc)],
  ['String', (time) => time.text],
  ['Year', (time) => BigInt(time.clock.getUTCFullYear())],
  ['Month', (time) => monthName(time.clock.getUTCMonth())],
  ['Day', (time) => BigInt(time.clock.getUTCDate())],
  ['YearDay', (time) => BigInt(dayOfYear(time.clock))],
  ['Weekday', (time) => dayName(time.clock.getUTCDay())],
  ['Hour', (time) => BigInt(time.clock.getUTCHours())],
  ['Minute', (time) => BigInt(time.clock.getUTCMinutes())],
  ['Second', (time) => BigInt(time.clock.getUTCSeconds())],
  ['Nanosecond', (time) => time.nanosecond],
  ['IsZero', (time) => time.unixNs === GoTime.zero.unixNs],
]);
