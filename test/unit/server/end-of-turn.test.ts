import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { EndOfTurn } from '../../../src/server/http/end-of-turn.js';

test('actions run together and in order, once what is running has given way', async () => {
  const endOfTurn = new EndOfTurn();
  const ran: string[] = [];
  endOfTurn.add(() => ran.push('first'));
  await Promise.resolve();
  endOfTurn.add(() => ran.push('second'));
  expect(ran).toEqual([]);
  await turn();
  expect(ran).toEqual(['first', 'second']);
});

test('an action that is added by another one runs in the next turn, once', async () => {
  const endOfTurn = new EndOfTurn();
  const ran: string[] = [];
  endOfTurn.add(() => {
    ran.push('first');
    endOfTurn.add(() => ran.push('next'));
  });
  await turn();
  expect(ran).toEqual(['first']);
  await turn();
  await turn();
  expect(ran).toEqual(['first', 'next']);
});
