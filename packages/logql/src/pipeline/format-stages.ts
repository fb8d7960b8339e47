import type { LabelFormat, LineFormat } from '../syntax/ast.js';
import { type CompiledTemplate, compileTemplate, labelsOf } from '../template/compile.js';
import { templateFunctionNames, templateFunctions } from '../template/functions.js';
import type { TemplateTree } from '../template/node.js';
import { parseTemplate } from '../template/parser.js';
import { ERROR_LABEL } from './label-names.js';
import type { LabelsBuilder } from './labels-builder.js';
import type { StageFunction } from './stage.js';

/** `| line_format "{{.msg}}"`. Throws an error with Loki's text for what is no template. */
export function compileLineFormat({ template }: LineFormat): StageFunction {
  const tree = lineTree(template);
  const label = onlyLabel(tree);
  if (label !== undefined) return (_, labels) => labels.get(label) ?? '';
  const write = compileTemplate(tree, templateFunctions);
  return (line, labels, timeNs) => {
    const text = written(write, labels.values(), line, labels, timeNs);
    return text ?? line;
  };
}

function lineTree(template: string): TemplateTree {
  try {
    return parseTemplate('line', template, templateFunctionNames);
  } catch (error) {
    throw new Error(`invalid line template: ${(error as Error).message}`, { cause: error });
  }
}

/** The label if a template is nothing but one, the commonest case. An error is no label to it. */
function onlyLabel({ nodes }: TemplateTree): string | undefined {
  const [node] = nodes;
  if (nodes.length !== 1 || node?.kind !== 'action' || node.pipe.declared.length > 0) return undefined;
  const operands = node.pipe.commands.flatMap((command) => command.operands);
  const [operand] = operands;
  return operands.length === 1 && operand?.kind === 'field' && operand.path.length === 1 ? operand.path[0] : undefined;
}

/** What a template writes; undefined, and an error of the line, when it fails. */
function written(
  write: CompiledTemplate,
  values: ReadonlyMap<string, string>,
  line: string,
  labels: LabelsBuilder,
  timeNs: bigint,
): string | undefined {
  try {
    return write(values, { line, timeNs });
  } catch (error) {
    labels.error = 'TemplateFormatErr';
    labels.errorDetails = (error as Error).message;
    return undefined;
  }
}

interface CompiledFormat {
  readonly label: string;
  readonly from: string | undefined;
  readonly write: CompiledTemplate | undefined;
}

/** `| label_format a=b, c="{{.d}}"`. Throws an error with Loki's text for what cannot be formatted. */
export function compileLabelFormat(stage: LabelFormat): StageFunction {
  refuse(stage);
  const formats = stage.formats.map((format): CompiledFormat => {
    if (format.kind === 'rename') return { label: format.label, from: format.from, write: undefined };
    const write = compileTemplate(labelTree(format.label, format.template), templateFunctions);
    return { label: format.label, from: undefined, write };
  });
  return (line, labels, timeNs) => {
    // All templates of a stage see the labels as they were before the first.
    let values: ReadonlyMap<string, string> | undefined;
    for (const { label, from, write } of formats) {
      if (write === undefined) {
        rename(labels, from!, label);
        continue;
      }
      if (values === undefined || values.size === 0) values = labels.values();
      const text = written(write, values, line, labels, timeNs);
      if (text !== undefined) labels.setParsed(label, text);
    }
    return line;
  };
}

function refuse({ formats }: LabelFormat): void {
  const seen = new Set<string>();
  for (const { label } of formats) {
    if (label === ERROR_LABEL) throw new Error(`${label} cannot be formatted`);
    if (seen.has(label)) throw new Error(`multiple label name '${label}' not allowed in a single format operation`);
    seen.add(label);
  }
}

function labelTree(label: string, template: string): TemplateTree {
  try {
    return parseTemplate('label', template, templateFunctionNames);
  } catch (error) {
    throw new Error(`invalid template for label '${label}': ${(error as Error).message}`, { cause: error });
  }
}

function rename(labels: LabelsBuilder, from: string, to: string): void {
  const value = labels.get(from);
  if (value === undefined) return;
  labels.setParsed(to, value);
  labels.delete(from);
}

/** Labels that a stage's templates and renames look at. */
export function formattedLabels(stage: LineFormat | LabelFormat): readonly string[] {
  if (stage.kind === 'line-format') return labelsOf(lineTree(stage.template));
  return stage.formats.flatMap((format) =>
    format.kind === 'rename' ? [format.from] : labelsOf(labelTree(format.label, format.template)),
  );
}
