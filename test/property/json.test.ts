// Whatever bytes come, the JSON decoders read the oracle's rows or refuse with a reason.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeJson, decodeNdjson } from '../../src/decode/json/decode-json.js';
import { arbitraryRequests } from '../oracle/arbitrary-requests.js';
import { encodeJson, encodeJsonOddly, encodeNdjson } from '../oracle/encode-json.js';
import { fixtureRequests } from '../oracle/fixture-requests.js';
import { mutated } from '../oracle/mutations.js';
import { Random } from '../oracle/random.js';
import { Agreement, signals, sizesOverRequests } from './agreement.js';
import { damagedRuns, propertyRuns } from './property-runs.js';

const agreeOnJson = new Agreement('application/json', decodeJson);
const agreeOnNdjson = new Agreement('application/x-ndjson', decodeNdjson);

describe.each(signals)('%s', (signal) => {
  const fixture = (extension: string) => readFileSync(new URL(`../data/${signal}.${extension}`, import.meta.url));
  const json = fixture('json');
  const ndjson = fixture('ndjson');

  test('of random requests are read as the oracle reads them', () => {
    fc.assert(
      fc.property(arbitraryRequests[signal], (request) => agreeOnJson.onRows(signal, encodeJson(signal, request))),
      propertyRuns(100),
    );
  });

  test('of random requests in odd spellings are read as the oracle reads them', () => {
    fc.assert(
      fc.property(arbitraryRequests[signal], fc.nat(), (request, seed) =>
        agreeOnJson.onRows(signal, encodeJsonOddly(signal, request, new Random(seed))),
      ),
      propertyRuns(100),
    );
  });

  test('of random requests in lines are read as the oracle reads them', () => {
    fc.assert(
      fc.property(fc.array(arbitraryRequests[signal], { maxLength: 3 }), fc.nat(), (requests, seed) => {
        agreeOnNdjson.onRows(signal, encodeNdjson(signal, requests));
        const odd = requests.map((request) => Buffer.from(encodeJsonOddly(signal, request, new Random(seed))));
        agreeOnNdjson.onRows(signal, Buffer.from(odd.map((line) => `\r\n${line}`).join('\n \t\n')));
      }),
      propertyRuns(50),
    );
  });

  test('of every prefix of a document are refused', () => {
    const compact = encodeJson(signal, fixtureRequests[signal]);
    for (let length = 0; length < compact.length; length++) agreeOnJson.onRefusal(signal, compact.subarray(0, length));
    agreeOnJson.onRows(signal, compact);
  });

  test('of every prefix of lines are read as the oracle reads them or refused', () => {
    for (let length = 0; length <= ndjson.length; length++) {
      agreeOnNdjson.onRowsOrRefusal(signal, ndjson.subarray(0, length));
    }
  });

  test('of damaged bodies are read so or refused', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        agreeOnJson.onRowsOrRefusal(signal, mutated(json, new Random(seed)));
        agreeOnNdjson.onRowsOrRefusal(signal, mutated(ndjson, new Random(seed)));
      }),
      damagedRuns(200),
    );
    fc.assert(
      fc.property(arbitraryRequests[signal], fc.nat(), (request, seed) =>
        agreeOnJson.onRowsOrRefusal(
          signal,
          mutated(encodeJsonOddly(signal, request, new Random(seed)), new Random(seed)),
        ),
      ),
      damagedRuns(150),
    );
  });

  test('need no more memory the hundredth time', () => {
    for (const [body, decode] of [
      [json, decodeJson],
      [ndjson, decodeNdjson],
    ] as const) {
      const sizes = sizesOverRequests(signal, 100, (rows) => decode(signal, body, rows));
      expect(sizes[99]).toBe(sizes[1]);
    }
  });
});
