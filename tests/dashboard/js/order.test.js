import assert from 'node:assert/strict';
import test from 'node:test';

import { moving, turn, wouldMove } from '../../../dashboard/page/js/order.js';
import { many } from './many.js';

const LONG_AGO = 60_000;

test('what keeps its place does not move', () => {
  assert.equal(moving(['a', 'b', 'c'], ['a', 'b', 'c']), 0);
  assert.equal(moving(['a', 'b', 'c'], ['b', 'a', 'c']), 2);
  assert.equal(moving(['a', 'b', 'c'], ['z', 'a', 'b']), 3);
  assert.equal(moving(['a', 'b', 'c'], ['a', 'b']), 1);
  assert.equal(moving([], ['a']), 0);
});

test('the same order is written in place, whoever points at it', () => {
  for (const held of [true, false]) assert.equal(turn({ shown: ['a', 'b'], next: ['a', 'b'], held, since: LONG_AGO }), 'in place');
});

test('nothing is moved under a pointer or focus, however long ago it was put in order', () => {
  many(500, (random) => {
    const shown = ['a', 'b', 'c', 'd'];
    const next = [...shown].sort(() => random() - 0.5);
    const decided = turn({ shown, next, held: true, since: random() * 1e9 });
    assert.equal(decided, moving(shown, next) ? 'hold' : 'in place');
  });
});

test('else it is put in order, every ten seconds at most', () => {
  const found = { shown: ['a', 'b'], next: ['b', 'a'], held: false };
  assert.equal(turn({ ...found, since: 9_999 }), 'later');
  assert.equal(turn({ ...found, since: 10_000 }), 'reorder');
});

test('what comes below all others moves none of them', () => {
  assert.equal(turn({ shown: ['a', 'b'], next: ['a', 'b', 'c'], held: true, since: LONG_AGO }), 'reorder');
});

test('it is said how many would move', () => {
  assert.deepEqual([1, 3].map(wouldMove), ['1 row would move.', '3 rows would move.']);
});
