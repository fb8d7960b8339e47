/** A part of a template. `at` is its offset, for errors. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | Branch
  | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | undefined; readonly at: number }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' };

export interface Branch {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: Pipe;
  readonly body: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[] | undefined;
}

/** Commands, each of which gets the value of the one before as its last argument. */
export interface Pipe {
  readonly kind: 'pipe';
  readonly at: number;
  readonly declared: readonly string[];
  /** `=` instead of `:=`. */
  readonly isAssignment: boolean;
  readonly commands: readonly Command[];
}

export interface Command {
  readonly kind: 'command';
  readonly at: number;
  readonly operands: readonly Operand[];
}

export type Operand =
  | { readonly kind: 'field'; readonly path: readonly string[]; readonly at: number }
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[]; readonly at: number }
  | { readonly kind: 'chain'; readonly of: Operand; readonly path: readonly string[]; readonly at: number }
  | { readonly kind: 'function'; readonly name: string; readonly at: number }
  | { readonly kind: 'dot' | 'nil'; readonly at: number }
  | { readonly kind: 'bool'; readonly value: boolean; readonly at: number }
  | { readonly kind: 'string'; readonly value: string; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly number: NumberConstant; readonly at: number }
  | Pipe;

/** A number as it is written. It is an int or a float64 by what it is used for. */
export interface NumberConstant {
  readonly text: string;
  readonly int: bigint | undefined;
  readonly float: number | undefined;
}

/** A template and those that it defines. */
export interface TemplateTree {
  /** The name in errors. */
  readonly name: string;
  readonly text: string;
  readonly nodes: readonly TemplateNode[];
  readonly defined: ReadonlyMap<string, readonly TemplateNode[]>;
}

/** A node as errors quote it. */
export function nodeText(node: Operand | Command): string {
  switch (node.kind) {
    case 'field':
      return `.${node.path.join('.')}`;
    case 'variable':
      return [node.name, ...node.path].join('.');
    case 'chain':
      return `${operandText(node.of)}.${node.path.join('.')}`;
    case 'function':
      return node.name;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'string':
      return node.text;
    case 'number':
      return node.number.text;
    case 'pipe': {
      const declared = node.declared.join(', ');
      const commands = node.commands.map(nodeText).join(' | ');
      return declared === '' ? commands : `${declared} ${node.isAssignment ? '=' : ':='} ${commands}`;
    }
    case 'command':
      return node.operands.map(operandText).join(' ');
  }
}

function operandText(node: Operand): string {
  return node.kind === 'pipe' ? `(${nodeText(node)})` : nodeText(node);
}
