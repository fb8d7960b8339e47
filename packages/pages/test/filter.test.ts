import { expect, test } from 'vitest';
import { withFilter } from '../src/logs/filter.js';

for (const [query, of, name, value, expected] of [
  ['{service_name=~".+"}', 'label', 'service_name', 'shop', '{service_name="shop"}'],
  ['{env="a"} |= "}"', 'label', 'service_name', 'shop', '{env="a", service_name="shop"} |= "}"'],
  ['{env="}"}', 'label', 'a', 'b', '{env="}", a="b"}'],
  ['{env=`}`}', 'label', 'a', 'b', '{env=`}`, a="b"}'],
  ['{a="b"}', 'label', 'a', 'b', '{a="b"}'],
  ['{a="b"} | json ', 'field', 'order', 'say "5"\n', '{a="b"} | json | order="say \\"5\\"\\n"'],
] as const) {
  test(`${query} with ${name}`, () => expect(withFilter(query, { name, value, of, operator: '=' })).toBe(expected));
}
