import { expect, test } from 'vitest';
import { type ServerState, ServerWatch } from '../../src/host/server-watch.js';

const well: ServerState = {
  listen_uri: 'otlp:localhost:4318',
  buffered_rows: '0',
  seal_last_error: null,
  journal_error: null,
  last_error: null,
};
const failing = { ...well, buffered_rows: '7', seal_last_error: 'the disk is full' };
const other = { ...well, listen_uri: 'otlp:localhost:4319' };

test('a trouble is told when it begins and when it is over, and not between', () => {
  const watch = new ServerWatch();
  const told = [[well], [failing], [{ ...failing, seal_last_error: 'still full' }], [well], [well]].map((servers) =>
    watch.events(servers),
  );
  const fields = { listen_uri: 'otlp:localhost:4318' };
  expect(told).toEqual([
    [],
    [{ level: 'error', event: 'commits_failing', fields: { ...fields, buffered_rows: 7, error: 'the disk is full' } }],
    [],
    [{ level: 'info', event: 'commits_recovered', fields: { ...fields, buffered_rows: 0 } }],
    [],
  ]);
});

test('each server has troubles of its own, each of its kind', () => {
  const watch = new ServerWatch();
  watch.events([failing, other]);
  const events = watch.events([failing, { ...other, journal_error: 'I/O error', last_error: 'socket closed' }]);
  expect(events.map(({ event, fields }) => [event, fields['listen_uri'], fields['error']])).toEqual([
    ['journal_failed', 'otlp:localhost:4319', 'I/O error'],
    ['listener_failed', 'otlp:localhost:4319', 'socket closed'],
  ]);
});
