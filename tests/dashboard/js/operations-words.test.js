import assert from 'node:assert/strict';
import test from 'node:test';

import { buildingSaid, caughtUp, generationState, known, partitionState, spans, time, troubles } from '../../../dashboard/page/js/operations-words.js';

const NOW = Date.parse('2026-11-25T14:37:06Z');
const building = { generation: 4, purpose: 'replay', phase: 'loading', done: 33_289_597, total: 91_204_377, progress: 0.365, held_by: 'host-b' };
const samples = [{ at: 0, n: 33_289_597 - 4_123_000 }, { at: 10_000, n: 33_289_597 }];

test('a rebuild says its phase, how far, how fast, and where counts come from meanwhile', () => {
  const said = buildingSaid(building, samples, 3);
  assert.equal(said.title, 'Generation 4 is being built');
  assert.deepEqual(said.phases.slice(0, 2), [{ name: 'loading', done: false, now: true }, { name: 'sorting', done: false, now: false }]);
  assert.equal(said.counted, '33,289,597 of 91,204,377 batches');
  assert.equal(said.facts, '412,300 a second, about 2 min 20 s to go. Counts come from generation 3 until 4 is promoted.');
  assert.equal(said.left, false);
});

test('a pace is not claimed before it was watched; what nobody builds any more says what to do', () => {
  const said = buildingSaid({ ...building, held_by: null, progress: null }, [], 3);
  assert.equal(said.facts, 'Counts come from generation 3 until 4 is promoted.');
  assert.equal(said.counted, '');
  assert.match(said.left, /^Nobody builds it any more: footfall replay goes on/);
});

test('days are added up, and a comparison is never promoted', () => {
  const said = buildingSaid({ ...building, purpose: 'verify', phase: 'adding-up', done: 1, total: 1 }, [], 3);
  assert.equal(said.counted, '1 of 1 day');
  assert.equal(said.title, 'Generation 4 is being built to be compared');
  assert.equal(said.facts, 'Counts come from generation 3.');
  assert.equal(said.phases.filter((each) => each.done).length, 4);
});

test('each state of a partition has a shape and a word; one that is new keeps its own', () => {
  assert.deepEqual(partitionState('stopped'), ['bad', 'stopped']);
  assert.deepEqual(partitionState('caught-up'), ['ok', 'caught up']);
  assert.deepEqual(partitionState('new-one'), ['warn', 'new-one']);
});

test('partitions in trouble say where they stand and why', () => {
  const all = [
    { partition: 0, state: 'caught-up', reason: null, stands_still: null, folded_to: 9 },
    { partition: 7, state: 'stopped', reason: 'newer-format', stands_still: 'stopped since 2026-11-25T12:48:31Z: a batch of format 3', folded_to: 887_522 },
    { partition: 8, state: 'unheld', reason: 'unheld', stands_still: null, folded_to: null },
  ];
  assert.deepEqual(troubles(all), ['Partition 7, offset 887,522: stopped since 2026-11-25T12:48:31Z: a batch of format 3', 'Partition 8: No projector counts it: it goes on as soon as one runs.']);
  assert.equal(caughtUp(all), '1 of 3 caught up');
});

test('what is not known is no zero; another day is told', () => {
  assert.equal(known(null), '–');
  assert.equal(known(0), '0');
  assert.equal(time(null, NOW), '–');
  assert.equal(time('2026-11-25T12:48:31Z', NOW), '12:48:31');
  assert.equal(time('2026-11-24T12:48:31Z', NOW), 'Tue 24 Nov 12:48');
});

test('generations say what they are', () => {
  assert.equal(generationState({ generation: 3, state: 'live', created: '2026-11-21T09:12:00Z' }, null), 'live, begun 21 Nov 09:12');
  assert.equal(generationState({ generation: 2, state: 'previous', keep_until: '2026-11-28T00:00:00Z' }, null), 'kept for rollback until 28 Nov 00:00');
  assert.equal(generationState({ generation: 4, state: 'loading' }, building), 'being built, 36.5\u202f%');
  assert.equal(generationState({ generation: 4, state: 'catching-up' }, null), 'catching up');
});

test('their times lie on one scale from the first beginning to now', () => {
  const { first, spans: found } = spans(
    [
      { state: 'live', created: '2026-11-25T14:00:00Z', complete_until: '2026-11-25T14:37:05Z' },
      { state: 'previous', created: '2026-11-25T13:00:00Z', complete_until: '2026-11-25T14:00:00Z' },
    ],
    Date.parse('2026-11-25T15:00:00Z'),
  );
  assert.equal(first, Date.parse('2026-11-25T13:00:00Z'));
  assert.deepEqual(found, [{ from: 50, to: 100 }, { from: 0, to: 50 }]);
});

test('the first generation of all has no beginning that was written down', () => {
  const all = [
    { state: 'live', created: '2026-11-24T15:00:00Z', complete_until: null },
    { state: 'previous', created: '1970-01-01T00:00:00Z', complete_until: '2026-11-24T15:00:00Z' },
  ];
  assert.deepEqual(spans(all, Date.parse('2026-11-25T15:00:00Z')), { first: null, spans: [{ from: 50, to: 100 }, { from: 0, to: 50 }] });
  assert.equal(generationState({ generation: 1, state: 'live', created: '1970-01-01T00:00:00Z' }, null), 'live');
  assert.deepEqual(spans([], NOW), { first: null, spans: [] });
});
