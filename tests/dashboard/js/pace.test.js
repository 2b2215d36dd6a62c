import assert from 'node:assert/strict';
import test from 'node:test';

import { pace, sampled, toGo } from '../../../dashboard/page/js/pace.js';

const run = (...samples) => samples.reduce((found, [seconds, n]) => sampled(found, { at: seconds * 1_000, n }), []);

test('a pace is by the second, over the last half minute', () => {
  assert.equal(pace(run([0, 0], [10, 4_000])), 400);
  assert.equal(pace(run([0, 0], [10, 10], [30, 10], [45, 25])), 1);
});

test('too shortly watched, no pace is claimed', () => {
  assert.equal(pace([]), null);
  assert.equal(pace(run([0, 5])), null);
  assert.equal(pace(run([0, 0], [3, 100])), null);
});

test('what moves back is another count: it is watched anew', () => {
  assert.deepEqual(run([0, 100], [5, 300], [10, 2]), [{ at: 10_000, n: 2 }]);
});

test('what is left takes as long as it does at that pace; what stands still is not said to end', () => {
  assert.equal(toGo(run([0, 0], [10, 1_000]), 3_000), 30_000);
  assert.equal(toGo(run([0, 7], [10, 7]), 3_000), null);
  assert.equal(toGo(run([0, 0], [10, 1_000]), 0), null);
});
