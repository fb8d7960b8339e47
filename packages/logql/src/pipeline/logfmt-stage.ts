import type { LogfmtStage } from '../syntax/ast.js';
import { parseLogfmtKey } from '../syntax/logfmt-key.js';
import { DUPLICATE_SUFFIX, ERROR_LABEL, LabelNames } from './label-names.js';
import type { LabelsBuilder } from './labels-builder.js';
import { LogfmtScanner } from './logfmt-scanner.js';
import type { StageFunction } from './stage.js';

/** `| logfmt`: every pair becomes a label. */
export function compileLogfmt(stage: LogfmtStage): StageFunction {
  if (stage.expressions.length > 0) return compileExpressions(stage);
  const names = new LabelNames();
  return (line, labels) => {
    if (labels.hints.needsNothing) return line;
    const scanner = new LogfmtScanner(line);
    while (!scanner.isAtEnd) {
      if (!scanner.next()) {
        if (stage.isStrict) break;
        continue;
      }
      const outcome = setPair(scanner, names.of(scanner.key), labels, stage.keepsEmpty);
      if (outcome === 'mismatch') return undefined;
      if (outcome === 'complete') break;
    }
    if (!stage.isStrict || scanner.mistake === undefined) return line;
    labels.fail('LogfmtParserErr', scanner.mistake);
    return labels.hints.canPass(ERROR_LABEL, labels) ? line : undefined;
  };
}

function setPair(
  scanner: LogfmtScanner,
  key: string,
  labels: LabelsBuilder,
  keepsEmpty: boolean,
): 'mismatch' | 'complete' | undefined {
  if (key === '') return undefined;
  const name = labels.nameForParsed(key);
  if (!labels.hints.isWanted(name)) return undefined;
  const value = scanner.value.includes('\ufffd') ? scanner.value.replaceAll('\ufffd', ' ') : scanner.value;
  if (value === '' && !keepsEmpty) return undefined;
  labels.setParsed(name, value);
  if (!labels.hints.canPass(name, labels)) return 'mismatch';
  return labels.hints.isComplete ? 'complete' : undefined;
}

/** `| logfmt label="key"`: only these pairs, under other names. A later pair of a key takes the place of an earlier one. */
function compileExpressions({ expressions, isStrict }: LogfmtStage): StageFunction {
  const names = new LabelNames();
  const keys = new Map(expressions.map(({ label, expression }) => [label, keyOf(expression)]));
  const labelOf = (key: string) => {
    for (const [label, wanted] of keys) if (wanted === key) return label;
    return keys.has(key) ? key : undefined;
  };
  return (line, labels) => {
    if (labels.hints.needsNothing) return line;
    for (const label of keys.keys()) if (!labels.hasOriginal(label)) labels.setParsed(label, '');
    const scanner = new LogfmtScanner(line);
    while (!scanner.isAtEnd) {
      if (!scanner.next()) {
        if (isStrict) break;
        continue;
      }
      const label = labelOf(names.of(scanner.key));
      if (label === undefined) continue;
      const name = labels.hasOriginal(label) ? label + DUPLICATE_SUFFIX : label;
      if (name !== label && !labels.hints.isWanted(name)) break;
      labels.setParsed(name, scanner.value.includes('\ufffd') ? '' : scanner.value);
      if (labels.hints.isComplete) break;
    }
    if (isStrict && scanner.mistake !== undefined) labels.fail('LogfmtParserErr', scanner.mistake);
    return line;
  };
}

function keyOf(expression: string): string {
  try {
    return parseLogfmtKey(expression);
  } catch (error) {
    throw new Error(`cannot parse expression [${expression}]: ${(error as Error).message}`, { cause: error });
  }
}
