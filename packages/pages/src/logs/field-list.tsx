import { useMemo, useState } from 'preact/hooks';
import type { LogLine } from '../apis/loki.js';
import { count, percent } from '../format.js';
import { Icon } from '../parts/icon.js';
import type { LogFilter } from './filter.js';

/** Values of a field that are shown, the most frequent ones. */
const MAX_VALUES = 8;
/** Fields that tell lines apart instead of saying what they have in common. */
const HIDDEN = new Set(['trace_id', 'span_id']);

interface Field {
  readonly name: string;
  readonly of: LogFilter['of'];
  readonly lines: number;
  readonly values: readonly (readonly [string, number])[];
}

/** Which fields the lines have, and their values by how many lines say so. */
export function FieldList({
  lines,
  filter,
}: {
  readonly lines: readonly LogLine[];
  readonly filter: (filter: LogFilter) => void;
}) {
  const fields = useMemo(() => fieldsOf(lines), [lines]);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set(['detected_level', 'service_name']));
  const toggle = (name: string) => {
    const next = new Set(opened);
    if (!next.delete(name)) next.add(name);
    setOpened(next);
  };
  return (
    <nav class="fields" aria-label="Fields of these lines">
      <h2>Fields</h2>
      <ul>
        {fields.map(({ name, of, lines: having, values }) => (
          <li key={`${of} ${name}`}>
            <button type="button" class="field-name" aria-expanded={opened.has(name)} onClick={() => toggle(name)}>
              <Icon name={opened.has(name) ? 'down' : 'right'} />
              <bdi>{name}</bdi>
              <span class="faint">{count(values.length)}</span>
            </button>
            {opened.has(name) && (
              <ul class="field-values">
                {values.slice(0, MAX_VALUES).map(([value, found]) => (
                  <li key={value}>
                    <button
                      type="button"
                      class="field-value"
                      title={`Only lines with ${name} = ${value}`}
                      onClick={() => filter({ name, value, of, operator: '=' })}
                    >
                      <bdi>{value === '' ? '(empty)' : value.slice(0, 200)}</bdi>
                      <span class="faint">{percent(found / having)}</span>
                    </button>
                  </li>
                ))}
                {values.length > MAX_VALUES && (
                  <li class="faint field-more">and {count(values.length - MAX_VALUES)} more</li>
                )}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </nav>
  );
}

function fieldsOf(lines: readonly LogLine[]): readonly Field[] {
  const found = new Map<string, { of: LogFilter['of']; name: string; values: Map<string, number> }>();
  for (const { labels, fields } of lines) {
    for (const [of, values] of [['label', labels] as const, ['field', fields] as const]) {
      for (const [name, value] of Object.entries(values)) {
        if (HIDDEN.has(name)) continue;
        const key = `${of} ${name}`;
        let field = found.get(key);
        if (field === undefined) {
          field = { of, name, values: new Map() };
          found.set(key, field);
        }
        field.values.set(value, (field.values.get(value) ?? 0) + 1);
      }
    }
  }
  return [...found.values()]
    .map(({ of, name, values }) => ({
      of,
      name,
      lines: [...values.values()].reduce((sum, each) => sum + each, 0),
      values: [...values].sort(([, left], [, right]) => right - left),
    }))
    .sort(
      (left, right) =>
        Number(left.of === 'field') - Number(right.of === 'field') || left.name.localeCompare(right.name, 'en'),
    );
}
