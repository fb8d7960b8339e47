// The tree that DuckDB makes of a client's text → the tree that may run, or why it may not.
//
// All of it is a list of what is allowed: kinds of nodes, their fields, functions, tables, types. A field that DuckDB gains is refused
// until somebody has looked at it. What is allowed is bounded before it is planned: DuckDB copies expressions and relations while
// it plans, and can neither be interrupted nor runs into its limit of memory then.

import { Failure } from '../../base/failure.js';
import { telemetryTables } from '../../schema/tables.js';
import {
  allowedFunctions,
  allowedTableFunctions,
  allowedTypes,
  type Growth,
  statusFunctions,
  summaryFunctions,
} from './allowed-functions.js';
import type { Tree } from './tree-json.js';

/** Characters of a statement. Those of people and dashboards have some thousand. */
export const MAX_STATEMENT_CHARACTERS = 32 << 10;
/** Columns that any part of a statement may have. The widest table has 40, and a join of some is common. */
const MAX_COLUMNS = 1000;
/** Nodes of an expression, with what it refers to put in the place of each reference, as DuckDB does when it moves conditions. */
const MAX_EXPRESSION_NODES = 20_000;
/** Nodes of all expressions and tables, with those of a WITH as often as it is used. */
const MAX_NODES = 100_000;
/** What a table or a function in FROM counts for: planning one takes as long as planning many expressions. */
const RELATION_NODES = 1000;
const MAX_GROUPING_SETS = 64;
/** How much longer a text or a list may be than the values that it is made of. DuckDB computes 2,048 rows at a time. */
const MAX_GROWTH = 100;
/** Columns that a function or a table has at most. */
const RELATION_COLUMNS = 64;
/** Where macros of ours are on every connection. */
const FUNCTION_CATALOG = 'otelduck';

/** What may run. */
export interface FencedStatement {
  /** The tree, with functions of ours by their full names and told where the tables are. */
  readonly tree: Tree;
  /** Telemetry tables that it reads by their names. */
  readonly tables: ReadonlySet<string>;
}

/** What an expression comes to when everything that it refers to stands in its place. */
interface Weight {
  readonly nodes: number;
  readonly growth: number;
}
const LEAF: Weight = { nodes: 1, growth: 1 };

/** What a query or a relation comes to. */
interface Extent {
  readonly columns: number;
  /** The heaviest column. */
  readonly column: Weight;
  /** Nodes of all its expressions and relations. */
  readonly nodes: number;
}
const EMPTY: Extent = { columns: 0, column: LEAF, nodes: 0 };
const RELATION: Extent = { columns: RELATION_COLUMNS, column: LEAF, nodes: RELATION_NODES };

/** What names mean at a place. */
interface Scope {
  readonly outer: Scope | undefined;
  readonly withs: ReadonlyMap<string, Extent>;
  /** The heaviest column of what is selected from. */
  readonly column: Weight;
  /** Expressions of the select list by the names that they are given. */
  readonly aliases: Map<string, Weight>;
}

/** Where functions of ours look for tables. */
type Home = Readonly<Record<'catalog' | 'schema', string>>;

/**
 * Checks the answer of `json_serialize_sql` to a text as its client wrote it, or as it is to run: with functions of ours completed.
 * Throws a Failure that says what is not allowed.
 */
export function fenced(serialized: unknown, form: 'asked' | 'completed', home: Home): FencedStatement {
  const answer = treeOf(serialized, 'an answer');
  if (answer['error'] === true) {
    const says = String(answer['error_message']);
    if (answer['error_type'] === 'not implemented') throw refused('only SELECT statements are allowed');
    throw new Failure('malformed', `cannot parse the statement: ${says}`);
  }
  const statements = treesOf(answer['statements'], 'statements');
  if (statements.length !== 1) throw new Failure('malformed', `one statement is needed, got ${statements.length}`);
  const fence = new Fence(form, home);
  fence.check(statements[0]!);
  return { tree: answer, tables: fence.tables };
}

/** How a field of a node is checked. Fields that are not named must say nothing. */
type Field =
  /** An expression; or none. */
  | 'expression'
  | 'expressions'
  /** What can do no harm, whatever it is: names, numbers, flags. */
  | 'plain';

/** Fields of expressions, by class. Those of functions, casts, stars and subqueries are in the code. */
const expressionFields: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  BETWEEN: { input: 'expression', lower: 'expression', upper: 'expression' },
  COLUMN_REF: { column_names: 'plain' },
  COMPARISON: { left: 'expression', right: 'expression' },
  CONJUNCTION: { children: 'expressions' },
  CONSTANT: { value: 'plain' },
  // `->` of JSON. Functions that take a lambda are not allowed.
  LAMBDA: { lhs: 'expression', expr: 'expression', syntax_type: 'plain' },
  OPERATOR: { children: 'expressions' },
  POSITIONAL_REFERENCE: { index: 'plain' },
};

const operatorTypes: ReadonlySet<string> = new Set([
  'ARRAY_EXTRACT',
  'ARRAY_SLICE',
  'COMPARE_IN',
  'COMPARE_NOT_IN',
  'GROUPING_FUNCTION',
  'OPERATOR_COALESCE',
  'OPERATOR_IS_NOT_NULL',
  'OPERATOR_IS_NULL',
  'OPERATOR_NOT',
  'OPERATOR_NULLIF',
  'OPERATOR_TRY',
  'STRUCT_EXTRACT',
]);

/** What every expression has. */
const COMMON_FIELDS: Readonly<Record<string, Field>> = {
  class: 'plain',
  type: 'plain',
  alias: 'plain',
  query_location: 'plain',
};
/** What every relation has. */
const RELATION_FIELDS: Readonly<Record<string, Field>> = {
  type: 'plain',
  alias: 'plain',
  query_location: 'plain',
  column_name_alias: 'plain',
};

/** What is added to calls of our functions, in this order. */
const homeNames = ['catalog', 'schema'] as const;

class Fence {
  readonly tables = new Set<string>();
  readonly #form: 'asked' | 'completed';
  readonly #home: Home;

  constructor(form: 'asked' | 'completed', home: Home) {
    this.#form = form;
    this.#home = home;
  }

  check(statement: Tree): void {
    this.#fields(statement, { node: 'plain' }, undefined);
    const { nodes } = this.#query(treeOf(statement['node'], 'a query'), undefined);
    if (nodes > MAX_NODES)
      throw tooLarge(`more than ${MAX_NODES} parts, of which a table counts for ${RELATION_NODES}`);
  }

  #query(node: Tree, outer: Scope | undefined): Extent {
    const withs = this.#withs(node['cte_map'], outer);
    switch (node['type']) {
      case 'SELECT_NODE':
        return this.#select(node, { outer, withs });
      case 'SET_OPERATION_NODE':
        return this.#setOperation(node, { outer, withs });
      case 'RECURSIVE_CTE_NODE':
        throw refused('WITH RECURSIVE is not allowed: nothing bounds it');
      default:
        throw refused(`${String(node['type'])} is not allowed`);
    }
  }

  #withs(map: unknown, outer: Scope | undefined): ReadonlyMap<string, Extent> {
    const withs = new Map(outer?.withs);
    for (const entry of treesOf(treeOf(map ?? { map: [] }, 'WITH')['map'], 'WITH')) {
      const value = treeOf(entry['value'], 'WITH');
      this.#fields(value, { aliases: 'plain', query: 'plain', materialized: 'plain' }, undefined);
      const scope: Scope = { outer, withs: new Map(withs), column: LEAF, aliases: new Map() };
      withs.set(nameOf(entry['key']), this.#subquery(value['query'], scope));
    }
    return withs;
  }

  #subquery(statement: unknown, scope: Scope | undefined): Extent {
    const tree = treeOf(statement, 'a subquery');
    this.#fields(tree, { node: 'plain' }, undefined);
    return this.#query(treeOf(tree['node'], 'a subquery'), scope);
  }

  #select(node: Tree, { outer, withs }: Pick<Scope, 'outer' | 'withs'>): Extent {
    this.#fields(
      node,
      {
        type: 'plain',
        modifiers: 'plain',
        cte_map: 'plain',
        select_list: 'plain',
        from_table: 'plain',
        where_clause: 'plain',
        group_expressions: 'plain',
        group_sets: 'plain',
        aggregate_handling: 'plain',
        having: 'plain',
        qualify: 'plain',
      },
      undefined,
    );
    const from = this.#relation(treeOf(node['from_table'], 'FROM'), { outer, withs, column: LEAF, aliases: new Map() });
    const scope: Scope = { outer, withs, column: from.column, aliases: new Map() };
    let columns = 0;
    let column = LEAF;
    let total = from.nodes;
    for (const item of treesOf(node['select_list'], 'the select list')) {
      const isStar = item['class'] === 'STAR';
      const weight = isStar ? this.#star(item, scope) : this.#expression(item, scope);
      columns += isStar ? from.columns : 1;
      column = heaviest([column, weight]);
      total += weight.nodes;
      const alias = item['alias'];
      // What an earlier name of the list stands for is put where the name is used.
      if (typeof alias === 'string' && alias !== '') scope.aliases.set(alias.toLowerCase(), weight);
    }
    checkColumns(columns);
    const sets = node['group_sets'];
    if (Array.isArray(sets) && sets.length > MAX_GROUPING_SETS)
      throw tooLarge(`more than ${MAX_GROUPING_SETS} grouping sets`);
    const others = [
      ...treesOf(node['group_expressions'] ?? [], 'GROUP BY'),
      ...[node['where_clause'], node['having'], node['qualify']].filter(isTree),
    ].map((expression) => this.#expression(expression, scope));
    for (const weight of others) total += weight.nodes;
    total += this.#modifiers(node['modifiers'], scope);
    return { columns, column, nodes: total };
  }

  #setOperation(node: Tree, { outer, withs }: Pick<Scope, 'outer' | 'withs'>): Extent {
    this.#fields(
      node,
      {
        type: 'plain',
        modifiers: 'plain',
        cte_map: 'plain',
        setop_type: 'plain',
        setop_all: 'plain',
        left: 'plain',
        right: 'plain',
        children: 'plain',
      },
      undefined,
    );
    const inner: Scope = { outer, withs, column: LEAF, aliases: new Map() };
    const sides = [node['left'], node['right'], ...((node['children'] as unknown[] | undefined) ?? [])]
      .filter(isTree)
      .map((side) => this.#query(side, inner));
    const joined = together(sides);
    const extent = { ...joined, columns: Math.max(...sides.map(({ columns }) => columns)) };
    const scope: Scope = { ...inner, column: extent.column };
    return { ...extent, nodes: extent.nodes + this.#modifiers(node['modifiers'], scope) };
  }

  /** Nodes of what stands behind a query: ORDER BY, LIMIT, DISTINCT. */
  #modifiers(modifiers: unknown, scope: Scope): number {
    let nodes = 0;
    for (const modifier of treesOf(modifiers ?? [], 'modifiers')) {
      switch (modifier['type']) {
        case 'LIMIT_MODIFIER':
        case 'LIMIT_PERCENT_MODIFIER':
          nodes += this.#fields(modifier, { type: 'plain', limit: 'expression', offset: 'expression' }, scope).nodes;
          break;
        case 'DISTINCT_MODIFIER':
          nodes += this.#fields(modifier, { type: 'plain', distinct_on_targets: 'expressions' }, scope).nodes;
          break;
        case 'ORDER_MODIFIER':
          nodes += this.#orders(modifier, scope).nodes;
          break;
        default:
          throw refused(`${String(modifier['type'])} is not allowed`);
      }
    }
    return nodes;
  }

  #orders(modifier: Tree, scope: Scope): Weight {
    this.#fields(modifier, { type: 'plain', orders: 'plain' }, scope);
    return this.#orderList(modifier['orders'], scope);
  }

  #orderList(orders: unknown, scope: Scope): Weight {
    const weights = treesOf(orders ?? [], 'ORDER BY').map((order) => {
      const { expression, ...rest } = order;
      this.#fields(rest, { type: 'plain', null_order: 'plain' }, scope);
      // ORDER BY ALL.
      if (isTree(expression) && expression['class'] === 'STAR' && expression['expr'] == null) return LEAF;
      return this.#expression(treeOf(expression, 'ORDER BY'), scope);
    });
    return combined(weights, 'longest');
  }

  #relation(relation: Tree, scope: Scope): Extent {
    switch (relation['type']) {
      case 'EMPTY':
        return EMPTY;
      case 'BASE_TABLE':
        return this.#table(relation, scope);
      case 'SUBQUERY':
        this.#fields(relation, { ...RELATION_FIELDS, subquery: 'plain' }, undefined);
        return this.#subquery(relation['subquery'], scope);
      case 'JOIN':
        return this.#join(relation, scope);
      case 'TABLE_FUNCTION':
        return this.#tableFunction(relation, scope);
      case 'EXPRESSION_LIST': {
        this.#fields(relation, { ...RELATION_FIELDS, expected_names: 'plain', values: 'plain' }, undefined);
        const rows = (relation['values'] as Tree[][]).map((row) => row.map((value) => this.#expression(value, scope)));
        const values = combined(rows.flat(), 'longest');
        return { columns: rows[0]?.length ?? 0, column: values, nodes: values.nodes };
      }
      case 'SHOW_REF':
        throw refused('DESCRIBE, SHOW and SUMMARIZE are not allowed');
      default:
        throw refused(`${String(relation['type'])} is not allowed in FROM`);
    }
  }

  #table(relation: Tree, scope: Scope): Extent {
    this.#fields(
      relation,
      { ...RELATION_FIELDS, schema_name: 'plain', table_name: 'plain', catalog_name: 'plain' },
      undefined,
    );
    const name = nameOf(relation['table_name']);
    const [catalog, schema] = [relation['catalog_name'], relation['schema_name']];
    if (catalog !== '' || schema !== '') {
      throw refused(
        `tables are named without a catalog and schema, got ${[catalog, schema, name].filter(Boolean).join('.')}`,
      );
    }
    const known = scope.withs.get(name);
    if (known !== undefined) return { ...known, nodes: known.nodes + 1 };
    if (!telemetryTables.some((table) => table.name === name)) {
      throw refused(`table ${name} is not allowed: those of telemetry are, such as otlp_logs`);
    }
    this.tables.add(name);
    return RELATION;
  }

  #join(relation: Tree, scope: Scope): Extent {
    this.#fields(
      relation,
      {
        ...RELATION_FIELDS,
        left: 'plain',
        right: 'plain',
        condition: 'plain',
        join_type: 'plain',
        ref_type: 'plain',
        using_columns: 'plain',
        delim_flipped: 'plain',
      },
      undefined,
    );
    const left = this.#relation(treeOf(relation['left'], 'JOIN'), scope);
    // What is joined LATERAL sees columns of what stands before it.
    const inner = { ...scope, column: heaviest([scope.column, left.column]) };
    const right = this.#relation(treeOf(relation['right'], 'JOIN'), inner);
    const sides = together([left, right]);
    checkColumns(sides.columns);
    const condition = relation['condition'];
    if (!isTree(condition)) return sides;
    const { nodes } = this.#expression(condition, { ...inner, column: sides.column });
    return { ...sides, nodes: sides.nodes + nodes };
  }

  #tableFunction(relation: Tree, scope: Scope): Extent {
    this.#fields(relation, { ...RELATION_FIELDS, function: 'plain', with_ordinality: 'plain' }, undefined);
    const call = treeOf(relation['function'], 'a table function');
    const name = nameOf(call['function_name']);
    const isSummary = summaryFunctions.has(name);
    if (!isSummary && !statusFunctions.has(name) && !allowedTableFunctions.has(name)) {
      throw refused(`table function ${name}() is not allowed`);
    }
    if (isSummary && this.#form === 'completed') this.#takeBack(call, name);
    const { nodes, growth } = this.#arguments(call, scope, 'sum');
    if (isSummary) this.#complete(call, name);
    return { ...RELATION, column: { nodes: 1, growth }, nodes: RELATION_NODES + nodes };
  }

  /** Names a macro of ours in full, and says where its tables are. */
  #complete(call: Tree, name: string): void {
    const given = call['children'] as Tree[];
    const own = given.find(({ alias }) => homeNames.some((home) => home === nameOf(alias)));
    if (own !== undefined) throw refused(`${name}() takes no ${String(own['alias'])} here: the server has one`);
    call['catalog'] = FUNCTION_CATALOG;
    call['schema'] = 'main';
    call['function_name'] = name;
    call['children'] = [...given, ...homeNames.map((home) => textConstant(home, this.#home[home]))];
  }

  /** Undoes `#complete`, having checked that it was done. */
  #takeBack(call: Tree, name: string): void {
    const children = treesOf(call['children'], name);
    const isOurs = homeNames.every((home, i) => {
      const { class: kind, alias, value } = children[children.length - homeNames.length + i] ?? {};
      return kind === 'CONSTANT' && alias === home && (value as Tree)['value'] === this.#home[home];
    });
    if (!isOurs || call['catalog'] !== FUNCTION_CATALOG || call['schema'] !== 'main') {
      throw new Error(`BUG: ${name}() is not what it was completed to`);
    }
    call['catalog'] = '';
    call['schema'] = '';
    call['children'] = children.slice(0, -homeNames.length);
  }

  #expression(expression: Tree, scope: Scope): Weight {
    const weight = this.#weigh(expression, scope);
    if (weight.nodes > MAX_EXPRESSION_NODES) throw tooLarge(`an expression of more than ${MAX_EXPRESSION_NODES} parts`);
    if (weight.growth > MAX_GROWTH) {
      throw tooLarge(`an expression that may be more than ${MAX_GROWTH} times as long as the values it is made of`);
    }
    return weight;
  }

  #weigh(expression: Tree, scope: Scope): Weight {
    const kind = String(expression['class']);
    switch (kind) {
      case 'COLUMN_REF':
        this.#fields(expression, { ...COMMON_FIELDS, ...expressionFields['COLUMN_REF'] }, undefined);
        return referred(expression['column_names'], scope);
      case 'POSITIONAL_REFERENCE':
        this.#fields(expression, { ...COMMON_FIELDS, ...expressionFields['POSITIONAL_REFERENCE'] }, undefined);
        return scope.column;
      case 'FUNCTION':
        return this.#call(expression, scope);
      case 'WINDOW':
        return this.#window(expression, scope);
      case 'CAST':
        return this.#cast(expression, scope);
      case 'CASE':
        return this.#case(expression, scope);
      case 'SUBQUERY':
        return this.#subqueryExpression(expression, scope);
      case 'STAR':
        throw refused('* is allowed in a select list alone, and COLUMNS() is not');
      case 'PARAMETER':
        throw refused('parameters such as ? and $1 are not allowed: write the values');
      case 'OPERATOR':
        if (!operatorTypes.has(String(expression['type']))) {
          throw refused(`${String(expression['type'])} is not allowed`);
        }
    }
    const fields = expressionFields[kind];
    if (fields === undefined) throw refused(`${kind} is not allowed`);
    return this.#fields(expression, { ...COMMON_FIELDS, ...fields }, scope);
  }

  #call(call: Tree, scope: Scope): Weight {
    const name = nameOf(call['function_name']);
    const growth = allowedFunctions.get(name);
    if (growth === undefined) throw refused(`function ${name}() is not allowed`);
    return this.#arguments(call, scope, growth);
  }

  /** What a call of an allowed function comes to. */
  #arguments(call: Tree, scope: Scope, growth: Growth): Weight {
    const schema = call['schema'];
    // DuckDB writes `main` where syntax stands for a function, such as a list in brackets.
    if (call['catalog'] !== '' || (schema !== '' && schema !== 'main')) {
      throw refused(
        `functions are named without a catalog and schema, got ${String(schema)}.${String(call['function_name'])}()`,
      );
    }
    const orders = isTree(call['order_bys']) ? this.#orders(call['order_bys'], scope) : LEAF;
    const weight = this.#fields(
      call,
      {
        ...COMMON_FIELDS,
        function_name: 'plain',
        schema: 'plain',
        catalog: 'plain',
        children: 'expressions',
        filter: 'expression',
        order_bys: 'plain',
        distinct: 'plain',
        is_operator: 'plain',
      },
      scope,
      growth === 'by constants' || typeof growth === 'number' ? 'longest' : growth,
    );
    const times = typeof growth === 'number' ? growth : growth === 'by constants' ? constantTimes(call) : 1;
    return { nodes: weight.nodes + orders.nodes, growth: weight.growth * times };
  }

  #window(window: Tree, scope: Scope): Weight {
    const name = nameOf(window['function_name']);
    if (!allowedFunctions.has(name)) throw refused(`function ${name}() is not allowed`);
    if (window['catalog'] !== '' || !['', 'main'].includes(String(window['schema']))) {
      throw refused(`functions are named without a catalog and schema, got ${name}()`);
    }
    const orders = [window['orders'], window['arg_orders']].map((list) => this.#orderList(list, scope));
    const weight = this.#fields(
      window,
      {
        ...COMMON_FIELDS,
        function_name: 'plain',
        schema: 'plain',
        catalog: 'plain',
        children: 'expressions',
        partitions: 'expressions',
        orders: 'plain',
        arg_orders: 'plain',
        start: 'plain',
        end: 'plain',
        start_expr: 'expression',
        end_expr: 'expression',
        offset_expr: 'expression',
        default_expr: 'expression',
        filter_expr: 'expression',
        ignore_nulls: 'plain',
        distinct: 'plain',
        exclude_clause: 'plain',
      },
      scope,
    );
    return combined([weight, ...orders], 'longest');
  }

  #cast(cast: Tree, scope: Scope): Weight {
    checkType(cast['cast_type']);
    const weight = this.#fields(
      cast,
      { ...COMMON_FIELDS, child: 'expression', cast_type: 'plain', try_cast: 'plain' },
      scope,
    );
    // Quotes within quotes, where a list becomes a text.
    const isText = (cast['cast_type'] as Tree)['id'] === 'VARCHAR';
    return { ...weight, growth: isText ? 2 * weight.growth : weight.growth };
  }

  #case(expression: Tree, scope: Scope): Weight {
    const checks = treesOf(expression['case_checks'], 'CASE').map((check) =>
      this.#fields(check, { when_expr: 'expression', then_expr: 'expression' }, scope),
    );
    const rest = this.#fields(expression, { ...COMMON_FIELDS, case_checks: 'plain', else_expr: 'expression' }, scope);
    return combined([...checks, rest], 'longest');
  }

  #subqueryExpression(expression: Tree, scope: Scope): Weight {
    const child = this.#fields(
      expression,
      { ...COMMON_FIELDS, subquery_type: 'plain', subquery: 'plain', child: 'expression', comparison_type: 'plain' },
      scope,
    );
    const { nodes, column } = this.#subquery(expression['subquery'], scope);
    return { nodes: child.nodes + nodes, growth: Math.max(child.growth, column.growth) };
  }

  /** `*`, `t.*`, with EXCLUDE, REPLACE and RENAME. */
  #star(star: Tree, scope: Scope): Weight {
    if (star['columns'] === true) throw refused('COLUMNS() is not allowed');
    const replaced = treesOf(star['replace_list'] ?? [], 'REPLACE').map(({ value }) =>
      this.#expression(treeOf(value, 'REPLACE'), scope),
    );
    this.#fields(
      star,
      {
        ...COMMON_FIELDS,
        relation_name: 'plain',
        exclude_list: 'plain',
        qualified_exclude_list: 'plain',
        rename_list: 'plain',
        replace_list: 'plain',
      },
      undefined,
    );
    return combined([scope.column, ...replaced], 'longest');
  }

  /** Checks the fields of a node, and that there are no others which say something. */
  #fields(
    node: Tree,
    fields: Readonly<Record<string, Field>>,
    scope: Scope | undefined,
    growth: 'longest' | 'sum' = 'longest',
  ): Weight {
    const weights: Weight[] = [];
    for (const [name, value] of Object.entries(node)) {
      const field = fields[name];
      if (field === 'plain' || saysNothing(value)) continue;
      if (field === undefined) throw refused(`${name} of ${String(node['type'] ?? 'a statement')} is not allowed`);
      const expressions = field === 'expression' ? [treeOf(value, name)] : treesOf(value, name);
      for (const expression of expressions) weights.push(this.#expression(expression, scope!));
    }
    return combined(weights, growth);
  }
}

function refused(what: string): Failure {
  return new Failure('forbidden', `SQL of clients is fenced: ${what}`);
}

function tooLarge(what: string): Failure {
  return new Failure('queryTooLarge', `SQL of clients is fenced: the statement has ${what}`);
}

function checkColumns(columns: number): void {
  if (columns > MAX_COLUMNS) throw tooLarge(`more than ${MAX_COLUMNS} columns in one place`);
}

function checkType(type: unknown): void {
  const { id, type_info: about } = treeOf(type, 'a type');
  if (id === 'LIST') {
    checkType((about as Tree)['child_type']);
    return;
  }
  // DuckDB looks up names that its grammar does not know: JSON, or a type that somebody has made.
  const named =
    id === 'UNBOUND' ? treeOf(about, 'a type') : { name: id, catalog: '', schema: '', user_type_modifiers: [] };
  const { name, catalog, schema, user_type_modifiers: modifiers = [] } = named;
  if (allowedTypes.has(String(name).toUpperCase()) && !catalog && !schema && saysNothing(modifiers)) return;
  throw refused(`a cast to type ${String(name)} is not allowed`);
}

/** How much longer a text may become by constants behind the first argument. */
function constantTimes({ function_name: name, children }: Tree): number {
  const [, ...others] = children as Tree[];
  let times = 1;
  for (const { class: kind, value } of others) {
    if (kind !== 'CONSTANT') throw refused(`${nameOf(name)}() takes constants behind its first argument here`);
    const constant = (value as Tree)['value'];
    if (typeof constant === 'string') times = Math.max(times, constant.length);
  }
  return times;
}

/** What a reference may stand for: a column of what is selected from, here or around, or a name of the select list. */
function referred(names: unknown, scope: Scope): Weight {
  const parts = (names as unknown[]).map(nameOf);
  let weight = LEAF;
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const aliases = parts.map((part) => at.aliases.get(part)).filter((found) => found !== undefined);
    weight = heaviest([weight, at.column, ...aliases]);
  }
  return weight;
}

function combined(weights: readonly Weight[], growth: 'longest' | 'sum'): Weight {
  let nodes = 1;
  let sum = 0;
  let longest = 1;
  for (const weight of weights) {
    nodes += weight.nodes;
    sum += weight.growth;
    longest = Math.max(longest, weight.growth);
  }
  return { nodes, growth: growth === 'sum' ? Math.max(1, sum) : longest };
}

function heaviest(weights: readonly Weight[]): Weight {
  return {
    nodes: Math.max(...weights.map(({ nodes }) => nodes)),
    growth: Math.max(...weights.map(({ growth }) => growth)),
  };
}

function together(extents: readonly Extent[]): Extent {
  return {
    columns: extents.reduce((sum, { columns }) => sum + columns, 0),
    column: heaviest(extents.map(({ column }) => column)),
    nodes: extents.reduce((sum, { nodes }) => sum + nodes, 0),
  };
}

function textConstant(alias: string, value: string): Tree {
  const type = { id: 'VARCHAR', type_info: null };
  return {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias,
    query_location: 0,
    value: { type, is_null: false, value },
  };
}

/** SQL does not mind the case of names. */
function nameOf(name: unknown): string {
  return String(name).toLowerCase();
}

function saysNothing(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === false ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  );
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function treeOf(value: unknown, what: string): Tree {
  if (!isTree(value)) throw refused(`${what} is not understood`);
  return value;
}

function treesOf(value: unknown, what: string): Tree[] {
  if (!Array.isArray(value)) throw refused(`${what} is not understood`);
  return value.map((item) => treeOf(item, what));
}
