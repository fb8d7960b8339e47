// The query templates of prometheus/compliance, read from a folder of that repository, with every variant of each.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Template {
  readonly query: string;
  readonly variant_args?: readonly string[];
}

export function complianceQueries(repository: string): readonly string[] {
  const folder = join(repository, 'promql');
  const { test_cases: templates } = parse(readFileSync(join(folder, 'promql-test-queries.yml'), 'utf8')) as {
    test_cases: readonly Template[];
  };
  const values = variantValues(join(folder, 'testcases'));
  return templates.flatMap(({ query, variant_args: names = [] }) =>
    names.reduce<readonly string[]>(
      (queries, name) =>
        values.get(name)!.flatMap((value) => queries.map((text) => text.replaceAll(`{{.${name}}}`, value))),
      [String(query)],
    ),
  );
}

/** The values of variants stand in the tester's source: `"range": {"1s", "15s"},` and so on. */
function variantValues(folder: string): ReadonlyMap<string, readonly string[]> {
  const source = readdirSync(folder)
    .filter((name) => name.endsWith('.go'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const declared = /testVariantArgs = map\[string\]\[\]string\{([\s\S]*?)\n\}/.exec(source);
  if (declared === null) throw new Error(`${folder} does not declare testVariantArgs`);
  return new Map(
    [...declared[1]!.matchAll(/"(\w+)":\s*\{([^}]*)\}/g)].map(([, name, list]) => [
      name!,
      [...list!.matchAll(/"([^"]*)"/g)].map(([, value]) => value!),
    ]),
  );
}
