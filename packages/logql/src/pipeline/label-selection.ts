import { Matcher } from '#promql/syntax/matcher';
import type { LabelChoice, LabelSelection } from '../syntax/ast.js';
import { ERROR_DETAILS_LABEL, ERROR_LABEL, PRESERVE_ERROR_LABEL } from './label-names.js';
import type { LabelsBuilder } from './labels-builder.js';
import type { StageFunction } from './stage.js';

const aboutErrors: ReadonlySet<string> = new Set([ERROR_LABEL, ERROR_DETAILS_LABEL, PRESERVE_ERROR_LABEL]);

/** `| drop a, b="c"` and `| keep a, b="c"`. */
export function compileLabelSelection({ kind, labels: choices }: LabelSelection): StageFunction {
  return (line, labels) => {
    if (kind === 'drop') for (const choice of choices) drop(choice, labels);
    else keep(choices, labels);
    return line;
  };
}

function drop(choice: LabelChoice, labels: LabelsBuilder): void {
  const name = choice instanceof Matcher ? choice.name : choice;
  const isChosen = (value: string) => !(choice instanceof Matcher) || choice.matches(value);
  if (name === ERROR_LABEL) {
    if (isChosen(labels.error)) labels.error = '';
  } else if (name === ERROR_DETAILS_LABEL) {
    if (isChosen(labels.errorDetails)) labels.errorDetails = '';
  } else {
    const value = labels.get(name);
    if (value !== undefined && isChosen(value)) labels.delete(name);
  }
}

function keep(choices: readonly LabelChoice[], labels: LabelsBuilder): void {
  for (const [name, value] of labels.values()) {
    if (aboutErrors.has(name)) continue;
    const isKept = choices.some((choice) =>
      choice instanceof Matcher ? choice.name === name && choice.matches(value) : choice === name,
    );
    if (!isKept) labels.delete(name);
  }
}
