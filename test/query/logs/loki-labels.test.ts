import { describe, expect, test } from 'vitest';
import { Labels } from '#promql/data/labels';
import { detectedLevel } from '../../../src/query/logs/detected-level.js';
import { flatAttributes } from '../../../src/query/logs/flat-attributes.js';
import { resourceLabels } from '../../../src/query/logs/index-labels.js';
import { labelName } from '../../../src/query/logs/label-name.js';
import { requiredTexts } from '../../../src/query/logs/line-filter-sql.js';
import { DEFAULT_INDEX_ATTRIBUTES } from '../../../src/schema/loki-options.js';

describe('names of labels', () => {
  for (const [attribute, label] of [
    ['http.method', 'http_method'],
    ['a..b--c__d', 'a_b_c_d'],
    ['_private', '_private'],
    ['__reserved__', '__reserved__'],
    ['__re--served__', '__re_served__'],
    ['2xx', 'key_2xx'],
    ['größe', 'gr_e'],
    ['end.', 'end_'],
    ['___', undefined],
    ['', undefined],
    ['…', undefined],
  ] as const) {
    test(`${attribute} is ${label}`, () => expect(labelName(attribute)).toBe(label));
  }
});

describe('attributes', () => {
  for (const [json, labels] of [
    ['{}', []],
    ['{"a":"x","b":1}', ['a=x', 'b=1']],
    // JSON.parse would make 9007199254740992 of it.
    ['{"id":9007199254740993}', ['id=9007199254740993']],
    ['{"d":1.5,"t":true,"n":null,"z":-0.0}', ['d=1.5', 't=true', 'n=', 'z=-0']],
    ['{"http":{"request":{"method":"GET"},"status":200}}', ['http_request_method=GET', 'http_status=200']],
    ['{"list":[1,{"b":"]<"}],"after":1}', ['list=[1,{"b":"]\\u003c"}]', 'after=1']],
    ['{"q\\"uote":"li\\nne \\\\"}', ['q_uote=li\nne \\']],
    [' { "a" : { "b" : "x" } , "c" : [ ] } ', ['a_b=x', 'c=[ ]']],
    ['{"m":{}}', []],
    ['no json', []],
    [undefined, []],
  ] as const) {
    test(`${json}`, () => {
      const found: string[] = [];
      flatAttributes(json, (_attribute, name, value) => found.push(`${name}=${value}`));
      expect(found).toEqual(labels);
    });
  }
});

describe('streams', () => {
  const indexed = new Set(DEFAULT_INDEX_ATTRIBUTES);
  for (const [attributes, stream, metadata] of [
    ['{"service.name":"cart","host.name":"h1"}', '{service_name="cart"}', [['host_name', 'h1']]],
    ['{"host.name":"h1"}', '{service_name="unknown_service"}', [['host_name', 'h1']]],
    [undefined, '{service_name="unknown_service"}', []],
    ['{"service.name":""}', '{service_name="unknown_service"}', []],
    [
      '{"k8s.job.name":"j","k8s.container.name":"c"}',
      '{k8s_container_name="c", k8s_job_name="j", service_name="c"}',
      [],
    ],
    // Only index labels name a service.
    ['{"app":"a"}', '{service_name="unknown_service"}', [['app', 'a']]],
  ] as const) {
    test(`${attributes}`, () => {
      const labels = resourceLabels(attributes, indexed);
      expect(String(labels.stream)).toBe(stream);
      expect(labels.metadata).toEqual(metadata);
    });
  }
});

describe('levels', () => {
  for (const [stream, metadata, line, level] of [
    [{}, [['severity_number', '17']], '', 'error'],
    [{}, [['severity_number', '24']], '', 'fatal'],
    [{}, [['severity_number', '25']], '', 'unknown'],
    [
      {},
      [
        ['severity_text', 'Warning'],
        ['severity_number', '1'],
      ],
      '',
      'warn',
    ],
    [{}, [['severity_text', 'Notice']], '', 'Notice'],
    [
      {},
      [
        ['severity_text', 'INFO'],
        ['level', 'ERR'],
      ],
      '',
      'error',
    ],
    [{ level: 'debug' }, [['level', 'error']], '', 'debug'],
    [{}, [], '{"msg":"x","level":"WARN"}', 'warn'],
    [{}, [], '{"a":{"level":"err"}}', 'error'],

    [{}, [], '{"a":{"level":"no level"}} error: x', 'error'],
    [{}, [], 'ts=1 lvl=dbg msg="level=error"', 'debug'],
    [{}, [], 'lvl=dbg level=error', 'error'],
    [{}, [], 'an [ERROR] here', 'error'],
    [{}, [], 'misc:error terror errors', 'unknown'],
    [{}, [], 'debug: error', 'debug'],
    [{}, [], '', 'unknown'],
  ] as const) {
    test(`${JSON.stringify([stream, metadata, line])} is ${level}`, () =>
      expect(detectedLevel(Labels.of(stream), metadata, line)).toBe(level));
  }
});

describe('texts that a match must hold', () => {
  for (const [pattern, texts] of [
    ['timeout', ['timeout']],
    ['error.*timeout', ['error', 'timeout']],
    ['errors?: x', ['error', ': x']],
    ['abc+def', ['abc', 'def']],
    ['ab*cde', ['cde']],
    ['foo|bar', []],
    ['(?i)foo', []],
    ['user=(alice|bob) did', []],
    ['user=(alice) did', ['user=', ' did']],
    ['user=[a-z]+ did', ['user=', ' did']],
    ['1\\.2\\.3', ['1.2.3']],
    ['abc\\d+xyz', ['abc', 'xyz']],
    ['abcd{0}efg', ['abc', 'efg']],
    ['((abc))def', []],
  ] as const) {
    test(pattern, () => expect(requiredTexts(pattern)).toEqual(texts));
  }
});
