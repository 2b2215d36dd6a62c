import assert from 'node:assert/strict';
import test from 'node:test';

import { bucket } from '../../../dashboard/page/js/say.js';

const at = Date.parse;

test('a week is called by its Monday; one that the range cuts by the first day that is in it', () => {
  assert.equal(bucket(at('2026-11-23T00:00Z'), at('2026-11-30T00:00Z'), 'week', 'UTC'), 'week of Mon 23 Nov');
  assert.equal(bucket(at('2026-11-29T00:00Z'), at('2026-11-30T00:00Z'), 'week', 'UTC'), 'week from Sun 29 Nov');
});

test('the hour that comes twice says which it is', () => {
  const tz = 'Europe/Berlin';
  assert.equal(bucket(at('2025-10-26T00:00Z'), at('2025-10-26T01:00Z'), 'hour', tz), 'Sun 26 Oct 02:00–03:00 (UTC+2)');
  assert.equal(bucket(at('2025-10-26T01:00Z'), at('2025-10-26T02:00Z'), 'hour', tz), 'Sun 26 Oct 02:00–03:00 (UTC+1)');
  assert.equal(bucket(at('2025-10-26T02:00Z'), at('2025-10-26T03:00Z'), 'hour', tz), 'Sun 26 Oct 03:00–04:00');
});
