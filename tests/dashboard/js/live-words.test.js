import assert from 'node:assert/strict';
import test from 'node:test';

import { arrived, gist, head, heard, nothing, paused, total, trouble } from '../../../dashboard/page/js/live-words.js';

/** Half an hour that ends at a moment, with these views in its last minutes. */
const live = (until, last, more = {}) => {
  const minutes = [...Array(30 - last.length).fill(0), ...last];
  return { until: `2026-11-25T${until}Z`, minutes, views: last.reduce((sum, n) => sum + n, 0), latest: [], state: 'following', stands_still_since: null, notes: [], ...more };
};

test('what has come is counted minute by minute, also as minutes leave the half hour', () => {
  assert.equal(arrived(live('14:30:10', [3, 1]), live('14:30:20', [3, 4])), 3);
  assert.equal(arrived(live('14:30:10', [3, 1]), live('14:31:05', [3, 2, 5])), 6);
  assert.equal(arrived(live('14:30:10', [7]), live('14:30:11', [7])), 0);
  const [old, now] = [live('14:00:10', [9]), live('15:30:10', [2, 2])];
  assert.equal(arrived(old, now), 4);
});

test('a minute that is no longer known is no view that went away', () => {
  const now = live('14:30:20', [3, 4]);
  now.minutes[0] = null;
  assert.equal(arrived(live('14:30:10', [3, 4]), now), 0);
});

test('what is still being read, or is not known, is no nought', () => {
  assert.deepEqual(total(live('14:30:10', [0])), ['0', 'views in the last 30 minutes']);
  assert.deepEqual(total({ ...live('14:30:10', [null], { state: 'unknown' }), views: null }), ['–', 'views in the last 30 minutes']);
  assert.deepEqual(total(live('14:30:10', [0], { state: 'catching-up' })), ['–', 'views in the last 30 minutes so far']);
  assert.deepEqual(total(live('14:30:10', [1], { state: 'catching-up' })), ['1', 'view in the last 30 minutes so far']);
});

test('a listener hears the minute that is over', () => {
  assert.equal(heard(live('14:30:10', [1_204, 3])), '1,204 views in the last minute');
  assert.equal(heard(live('14:30:10', [1, 0])), '1 view in the last minute');
});

test('each state in a word and in a sentence', () => {
  const of = (state, more = {}) => [head(live('14:30:10', [1], { state, ...more }), false), trouble(live('14:30:10', [1], { state, ...more }), false)];
  assert.deepEqual(of('following'), ['', '']);
  assert.deepEqual(of('catching-up'), ['catching up', '']);
  assert.deepEqual(of('unknown'), ['not known', 'The log cannot be reached from here: what comes in is not known.']);
  assert.deepEqual(of('stands-still', { stands_still_since: '2026-11-25T14:28:00Z' }), ['stands still', 'The log does not answer since 14:28:00 UTC. What is shown is as it was then.']);
  assert.deepEqual([head(null, true), trouble(null, true)], ['stands still', 'No new views can be shown until there is an answer.']);
});

test('where no page is listed it says why', () => {
  assert.equal(nothing(live('14:30:10', []), 'UTC'), 'No view in the last 30 minutes.');
  assert.equal(nothing(live('14:30:10', [], { state: 'catching-up' }), 'UTC'), 'Reading the last 30 minutes.');
  assert.equal(nothing(live('14:30:10', [2, 0, 0]), 'Europe/Berlin'), 'Pages are not counted by source. The last of these views came at 15:28.');
});

test('counts in words', () => {
  assert.equal(paused(214), 'Paused, 214 views since');
  assert.equal(gist(live('14:30:10', [1_500])), '1,500 in 30 minutes');
});
