import assert from 'node:assert/strict';
import test from 'node:test';

import { outline } from '../../../dashboard/page/js/spark.js';

test('an outline goes from left to right, from zero, and says where it ends', () => {
  assert.deepEqual(outline([0, 10, 5]), { line: 'M1 18L41 3L81 10.5', x: 81, y: 10.5 });
});

test('nothing is nothing, one number is a point at the end, zeros are a line at the bottom', () => {
  assert.equal(outline([]).line, '');
  assert.deepEqual(outline([7]), { line: 'M81 3', x: 81, y: 3 });
  assert.equal(outline([0, 0]).line, 'M1 18L81 18');
});
