import assert from 'node:assert/strict';
import test from 'node:test';

import { moments } from '../../../dashboard/page/js/watch.js';

const MINUTE = 60_000;
/** @param {string} name @param {number} until */
const answer = (name, until) => /** @type {any} */ ({ [name]: [], question: { from: '2025-11-24', to: '2025-11-25' }, complete_until: new Date(until).toISOString() });

test('the moment is the least of what is on the screen', () => {
  const screen = moments();
  assert.equal(screen.least(), null);
  screen.add(answer('buckets', 5_000), MINUTE);
  screen.add(answer('pages', 3_000), MINUTE);
  assert.equal(screen.least(), 3_000);
  screen.add(answer('pages', 9_000), MINUTE + 1);
  assert.equal(screen.least(), 5_000);
});

test('what is not asked for any more is forgotten while all else is', () => {
  const screen = moments();
  screen.add(answer('gone', 1_000), MINUTE);
  for (let n = 1; n < 4; n += 1) screen.add(answer('buckets', 2_000 + n), MINUTE + n * MINUTE);
  assert.equal(screen.least(), 2_003);
});

test('what was asked long ago is on the screen still, in a page that was paused or out of sight', () => {
  for (const still of [true, false]) {
    const screen = moments();
    screen.add(answer('pages', 1_000), MINUTE);
    screen.add(answer('movers', 99_000), 61 * MINUTE, still);
    assert.equal(screen.least(), 1_000);
  }
  const paused = moments();
  paused.add(answer('pages', 1_000), MINUTE);
  for (let n = 1; n < 9; n += 1) paused.add(answer('movers', 99_000), MINUTE + n * MINUTE, true);
  assert.equal(paused.least(), 1_000);
});
