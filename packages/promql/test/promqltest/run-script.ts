import type { AnnotationTexts } from '../../src/data/annotations.js';
import { isStepInvariant } from '../../src/eval/invariance.js';
import { type EngineOptions, evaluateInstant, evaluateRange } from '../../src/eval/query.js';
import type { SampleSource } from '../../src/source.js';
import { childrenOf, type Expression } from '../../src/syntax/ast.js';
import { parseExpression } from '../../src/syntax/parser.js';
import { print } from '../../src/syntax/print.js';
import { type ActualSeries, compareResult, instantSeries, rangeSeries } from './compare.js';
import { load } from './load.js';
import { MemorySource } from './memory-source.js';
import { type EvalCommand, type LoadCommand, parseScript } from './script.js';

/** Where the samples of a script are put and read again. */
export interface ScriptStore {
  readonly source: SampleSource<unknown>;
  load(command: LoadCommand): Promise<void>;
  clear(): void;
  /** Why the store cannot answer an eval, if so. It is then not run. */
  whyNot(command: EvalCommand): Promise<string | undefined>;
  /** Instant queries are also asked with `@` at other times, and inside ranges. */
  readonly asksVariants: boolean;
}

export interface ScriptResult {
  readonly evals: number;
  readonly excluded: readonly { readonly line: number; readonly query: string; readonly reason: string }[];
  readonly failures: readonly { readonly line: number; readonly query: string; readonly reason: string }[];
}

/** As Prometheus runs its own scripts. */
const options: EngineOptions = {
  startTimestamps: true,
  delayedNameRemoval: true,
  limits: { maxSamples: 1_000_000, timeoutMs: 20_000 },
};

export class MemoryStore implements ScriptStore {
  source = new MemorySource();
  readonly asksVariants = true;

  async load(command: LoadCommand): Promise<void> {
    load(this.source, command);
  }

  clear(): void {
    this.source = new MemorySource();
  }

  async whyNot(): Promise<undefined> {}
}

/** Runs a script to its end. An eval that fails is reported, and the next one follows. */
export async function runScript(text: string, store: ScriptStore = new MemoryStore()): Promise<ScriptResult> {
  let evals = 0;
  const failures: { line: number; query: string; reason: string }[] = [];
  const excluded: { line: number; query: string; reason: string }[] = [];
  for (const command of parseScript(text)) {
    if (command.kind === 'clear') store.clear();
    else if (command.kind === 'load') await store.load(command);
    else {
      const { line, query } = command;
      const obstacle = await store.whyNot(command);
      if (obstacle !== undefined) {
        excluded.push({ line, query, reason: obstacle });
        continue;
      }
      evals++;
      const reason = await whyWrong(store, command);
      if (reason !== undefined) failures.push({ line, query, reason });
    }
  }
  return { evals, excluded, failures };
}

async function whyWrong(store: ScriptStore, command: EvalCommand): Promise<string | undefined> {
  try {
    if (command.isRange) await runRange(store, command);
    else await runInstant(store, command);
    return undefined;
  } catch (error) {
    return error instanceof Mismatch ? error.message : String((error as Error).stack ?? error);
  }
}

class Mismatch extends Error {}

async function runRange({ source }: ScriptStore, command: EvalCommand): Promise<void> {
  const { query, startMs, endMs, stepMs } = command;
  const outcome = await outcomeOf(() =>
    evaluateRange({ query, source, principal: undefined }, { startMs, endMs, stepMs }, options),
  );
  if (isExpectedFailure(command, outcome)) return;
  checkAnnotations(command, outcome.answer!);
  refuse(compareResult(command, { kind: 'series', series: rangeSeries(outcome.answer!.result) }));
}

/** An instant query must answer the same with `@` at any time, and in the middle of a range. */
async function runInstant(store: ScriptStore, command: EvalCommand): Promise<void> {
  const asked = { query: command.query, timeMs: command.startMs };
  const variants = [asked, ...(store.asksVariants ? pinnedVariants(command) : [])];
  for (const variant of variants) {
    try {
      await runVariant(store, command, variant);
    } catch (error) {
      if (!(error instanceof Mismatch) || variant === variants[0]) throw error;
      throw new Mismatch(`${error.message} (as ${variant.query} at ${variant.timeMs} ms)`);
    }
  }
}

interface Variant {
  readonly query: string;
  readonly timeMs: number;
}

async function runVariant(
  { source, asksVariants }: ScriptStore,
  command: EvalCommand,
  { query, timeMs }: Variant,
): Promise<void> {
  const request = { query, source, principal: undefined };
  const outcome = await outcomeOf(() => evaluateInstant(request, timeMs, options));
  if (isExpectedFailure(command, outcome)) return;
  const answer = outcome.answer!;
  checkAnnotations(command, answer);
  const isPinned = query !== command.query;
  refuse(
    compareResult(
      command,
      instantSeries(answer.result, command.expectedRange ?? { startMs: timeMs, endMs: timeMs, stepMs: 1 }),
    ),
  );
  const isOther = answer.result.type === 'string' || answer.result.type === 'matrix';
  if (!asksVariants || isOther || /(?:start|end|range|step)\(\)/.test(query)) return;
  const times = { startMs: timeMs - 60_000, endMs: timeMs + 60_000, stepMs: 60_000 };
  const inRange = await outcomeOf(() => evaluateRange(request, times, options));
  if (inRange.error !== undefined) throw new Mismatch(`in the middle of a range: ${inRange.error.message}`);
  if (command.expectations.some(({ about }) => about === 'ordered')) return;
  const middle = rangeSeries(inRange.answer!.result).flatMap(({ labels, values }): ActualSeries[] =>
    values[1] === undefined ? [] : [{ labels, values: [values[1]] }],
  );
  const result =
    answer.result.type === 'scalar'
      ? ({ kind: 'scalar', value: middle[0]!.values[0] as number } as const)
      : ({ kind: 'series', series: middle } as const);
  const reason = compareResult(command, result);
  if (reason !== undefined) throw new Mismatch(`in the middle of a range${isPinned ? ', pinned' : ''}: ${reason}`);
}

interface Outcome<Answer> {
  readonly answer?: Answer;
  readonly error?: Error;
}

async function outcomeOf<Answer>(evaluate: () => Promise<Answer>): Promise<Outcome<Answer>> {
  try {
    return { answer: await evaluate() };
  } catch (error) {
    const { name } = error as Error;
    if (name !== 'ParseError' && name !== 'QueryError') throw error;
    return { error: error as Error };
  }
}

function isExpectedFailure({ expectations }: EvalCommand, { error }: Outcome<unknown>): boolean {
  const failure = expectations.filter(({ about }) => about === 'fail').at(0);
  if (error === undefined) {
    if (failure !== undefined) throw new Mismatch('succeeded, expected an error');
    return false;
  }
  if (failure === undefined) throw new Mismatch(`failed: ${error.message}`);
  const wrong = expectations.find(({ about, matches }) => about === 'fail' && !matches(error.message));
  if (wrong !== undefined) throw new Mismatch(`error ${error.message}, expected ${wrong.text}`);
  return true;
}

function checkAnnotations({ expectations }: EvalCommand, { warnings, infos }: AnnotationTexts): void {
  for (const [about, texts] of [
    ['warn', warnings],
    ['info', infos],
  ] as const) {
    const wanted = expectations.filter((expectation) => expectation.about === about);
    const isRefused = expectations.some((expectation) => expectation.about === `no_${about}`);
    if (isRefused && texts.length > 0) throw new Mismatch(`unexpected ${about}: ${texts.join('; ')}`);
    if (wanted.length === 0) continue;
    const missing = wanted.find(({ matches }) => !texts.some(matches));
    if (missing !== undefined) throw new Mismatch(`no ${about} ${missing.text}, got: ${texts.join('; ')}`);
    const surplus = texts.find((text) => !wanted.some(({ matches }) => matches(text)));
    if (surplus !== undefined) throw new Mismatch(`unexpected ${about}: ${surplus}`);
  }
}

function refuse(reason: string | undefined): void {
  if (reason !== undefined) throw new Mismatch(reason);
}

/** The query with every selector pinned to its time, asked at other times. Empty where time itself is asked for. */
function pinnedVariants({ query, startMs }: EvalCommand): Variant[] {
  let expression: Expression;
  try {
    expression = parseExpression(query);
  } catch {
    return [];
  }
  if (dependsOnTime(expression)) return [];
  pin(expression, startMs);
  const pinned = print(expression);
  const others = startMs === 0 ? [-1000, 0, 1000] : [-10 * startMs, 0, Math.trunc(startMs / 5), startMs, 10 * startMs];
  return others.map((timeMs) => ({ query: pinned, timeMs }));
}

function dependsOnTime(expression: Expression): boolean {
  if (expression.kind === 'call') {
    const constants = expression.function.arguments.map(
      (): Expression => ({
        kind: 'number',
        value: 0,
        isDuration: false,
        position: expression.position,
      }),
    );
    const { name } = expression.function;
    const ofQuery = ['start', 'end', 'range', 'step', 'timestamp'].includes(name);
    if (ofQuery || !isStepInvariant({ ...expression, arguments: constants })) return true;
  }
  return childrenOf(expression).some(dependsOnTime);
}

/** What is inside a pinned subquery stays as it is. */
function pin(expression: Expression, timeMs: number): void {
  if (expression.kind === 'vector-selector' || expression.kind === 'subquery') expression.at ??= timeMs;
  if (expression.kind === 'subquery') return;
  for (const child of childrenOf(expression)) pin(child, timeMs);
}
