// Names of OTLP → names of Prometheus.

import { describe, expect, test } from 'vitest';
import { attributeTexts } from '../../../src/query/metrics/attribute-text.js';
import { labelName } from '../../../src/query/metrics/label-name.js';
import { metricName } from '../../../src/query/metrics/metric-name.js';
import { defaultMetricOptions, type MetricOptions } from '../../../src/query/metrics/metric-options.js';
import { LabelMaker } from '../../../src/query/metrics/series-labels.js';
import { boundText } from '../../../src/query/metrics/series-output.js';
import { unitName } from '../../../src/query/metrics/unit-name.js';
import { nameCases, none, suffixes, utf8Suffixes } from './name-cases.js';

describe('names of metrics', () => {
  for (const [strategy, kind, name, unit, expected] of nameCases) {
    test(`${kind} ${name} in ${unit || 'no unit'} is ${expected} by ${strategy}`, () => {
      expect(metricName({ name, unit, kind }, strategy)).toBe(expected);
    });
  }
});

describe('units of metadata', () => {
  for (const [unit, expected] of [
    ['', ''],
    ['1', ''],
    ['ms', 'milliseconds'],
    ['1/s', 'per_second'],
    ['By/s', 'bytes_per_second'],
    ['By/{custom}', 'bytes'],
    ['unit@with#special/chars', 'unit_with_special_per_chars'],
    ['TiBy', 'tibibytes'],
  ] as const) {
    test(`${unit} is ${expected}`, () => expect(unitName(unit)).toBe(expected));
  }
});

describe('names of labels', () => {
  for (const [key, expected] of [
    ['label:with:colons', 'label_with_colons'],
    ['LabelWithCapitalLetters', 'LabelWithCapitalLetters'],
    ['label!with&special$chars)', 'label_with_special_chars_'],
    ['label_with_foreign_characters_字符', 'label_with_foreign_characters___'],
    ['123label', 'key_123label'],
    ['_label_starting_with_underscore', 'key_label_starting_with_underscore'],
    ['__label_starting_with_2underscores', '__label_starting_with_2underscores'],
    ['label__with__double__underscores', 'label__with__double__underscores'],
    ['label.name__with&&special##chars', 'label_name__with__special__chars'],
    ['__reserved__label__name__', '__reserved__label__name__'],
    ['trailing_underscores___', 'trailing_underscores___'],
    ['ようこそ', undefined],
    ['__', undefined],
    ['', undefined],
  ] as const) {
    test(`${key} is ${expected}`, () => expect(labelName(key, suffixes)).toBe(expected));
  }

  test('without escaping they stay as they are, but for those of underscores alone', () => {
    expect(labelName('ようこそ', none)).toBe('ようこそ');
    expect(labelName('a.b', utf8Suffixes)).toBe('a.b');
    expect(labelName('__', none)).toBeUndefined();
  });
});

describe('values of attributes', () => {
  for (const [json, expected] of [
    [undefined, []],
    ['{}', []],
    [
      '{"a":"x,}\\"y","b":true,"c":null}',
      [
        ['a', 'x,}"y'],
        ['b', 'true'],
        ['c', ''],
      ],
    ],
    // Through a double it would lose its last digits.
    ['{"large":9223372036854775807}', [['large', '9223372036854775807']]],
    [
      '{"list":[1,{"a":"]"}],"object":{"k":"}"},"z":-0.0}',
      [
        ['list', '[1,{"a":"]"}]'],
        ['object', '{"k":"}"}'],
        ['z', '-0'],
      ],
    ],
    ['{"k\\"ey\\u0001":1.5}', [['k"ey\u0001', '1.5']]],
  ] as const) {
    test(`${json}`, () => expect(attributeTexts(json)).toEqual(expected));
  }
});

describe('bounds of buckets', () => {
  for (const [bound, expected] of [
    [0.005, '0.005'],
    [1e-7, '0.0000001'],
    [1.5e-9, '0.0000000015'],
    [1e21, '1000000000000000000000'],
    [1.25e22, '12500000000000000000000'],
    [-1e-7, '-0.0000001'],
    [10, '10'],
    [Infinity, '+Inf'],
  ] as const) {
    test(`${bound} is ${expected}`, () => expect(boundText(bound)).toBe(expected));
  }
});

const resource =
  '{"host.name":"h1","service.instance.id":"i1","service.name":"cart","service.namespace":"shop","team":"blue"}';
const cases: readonly [title: string, options: Partial<MetricOptions>, attributes: string, expected: string][] = [
  ['by default', {}, '{"a.b":"1","route":"/x"}', '{a_b="1", instance="i1", job="shop/cart", route="/x"}'],
  [
    'with keys that get one name',
    {},
    '{"a.b":"1","a_b":"2","job":"mine"}',
    '{a_b="1;2", instance="i1", job="shop/cart"}',
  ],
  [
    'with names as they are',
    { translationStrategy: none },
    '{"a.b":"1","a_b":"2"}',
    '{"a.b"="1", a_b="2", instance="i1", job="shop/cart"}',
  ],
  ['with a name among attributes', {}, '{"__name__":"x"}', '{instance="i1", job="shop/cart"}'],
  [
    'with promoted attributes, which give way to those of points',
    { promotedResourceAttributes: ['host.name', 'team'] },
    '{"team":"red"}',
    '{host_name="h1", instance="i1", job="shop/cart", team="red"}',
  ],
  [
    'with the name of the service',
    { serviceNameLabel: true },
    '{}',
    '{instance="i1", job="shop/cart", service_name="cart"}',
  ],
  [
    'with scope labels, which come before those of points',
    { scopeLabels: true },
    '{"otel_scope_name":"mine"}',
    '{instance="i1", job="shop/cart", otel_scope_key_1="v", otel_scope_name="lib", otel_scope_version="2"}',
  ],
];

describe('labels of a series', () => {
  for (const [title, options, attributes, expected] of cases) {
    test(title, () => {
      const labels = new LabelMaker({ ...defaultMetricOptions, ...options }).labelsOf({
        resource,
        attributes,
        scopeName: 'lib',
        scopeVersion: '2',
        scopeAttributes: '{"key.1":"v"}',
        scopeSchemaUrl: undefined,
      });
      expect(String(labels)).toBe(expected);
    });
  }

  for (const [title, text, keeps, expected] of [
    ['a resource', resource, false, '{host_name="h1", instance="i1", job="shop/cart", team="blue"}'],
    [
      'a resource with all attributes kept',
      resource,
      true,
      '{host_name="h1", instance="i1", job="shop/cart", service_instance_id="i1", service_name="cart", service_namespace="shop", team="blue"}',
    ],
    ['a resource that says no more than who it is', '{"service.name":"cart"}', false, undefined],
    ['a resource that does not say who it is', '{"host.name":"h1"}', false, undefined],
    ['a resource that says it by another attribute', '{"instance":"i1"}', false, '{instance="i1"}'],
    [
      'a resource whose service has an empty name',
      '{"host.name":"h1","service.name":"","service.namespace":"shop"}',
      false,
      '{host_name="h1", job="shop/"}',
    ],
  ] as const) {
    test(`target_info of ${title}`, () => {
      const maker = new LabelMaker({ ...defaultMetricOptions, keepIdentifyingAttributes: keeps });
      expect(maker.targetLabels(text)?.toString()).toBe(expected);
    });
  }
});
