// Ranges in words, and those beside them.

import assert from 'node:assert/strict';
import test from 'node:test';

import { readAddress } from '../../../dashboard/page/js/address.js';
import { before, beside, dayAfter, isoDay, periodOf, title, when, wholeDays, who } from '../../../dashboard/page/js/ranges.js';

const NOW = Date.parse('2026-11-25T14:37:05Z');
const view = (query = '') => readAddress(new URL(`http://here/${query}`));
const question = (from, to, more = {}) => ({ selection: {}, from, to, unit: 'hour', tz: 'UTC', agent: 'all', ...more });
const berlin = (from, to) => question(from, to, { tz: 'Europe/Berlin', unit: 'day' });

test('a view without a range is of seven days', () => {
  assert.equal(periodOf(view()), '7d');
  assert.equal(periodOf(view('?from=2026-11-01')), '');
  assert.equal(title(view()), 'last 7 days');
  assert.equal(before(view('?period=30d')), 'the 30 days before');
  assert.equal(before(view('?from=2026-11-01')), 'the time before');
});

test('a range of whole days is told with both of its ends, in its zone', () => {
  const asked = berlin('2025-10-26T00:00:00+02:00', '2025-10-27T00:00:00+01:00');
  assert.ok(wholeDays(asked));
  assert.equal(title(view('?from=2025-10-26&to=2025-10-27'), asked), '26 Oct 2025');
  assert.equal(when(asked, NOW), 'Sun 26 Oct 2025');
  assert.equal(when(berlin('2026-10-12T00:00:00+02:00', '2026-11-11T00:00:00+01:00'), NOW), 'Mon 12 Oct to Tue 10 Nov');
  assert.equal(when(berlin('2025-10-12T00:00:00+02:00', '2025-11-11T00:00:00+01:00'), NOW), 'Sun 12 Oct 2025 to Mon 10 Nov 2025');
});

test('a range of hours has an end that is not part of it', () => {
  const asked = question('2026-11-18T15:00:00+00:00', '2026-11-25T15:00:00+00:00');
  assert.ok(!wholeDays(asked));
  assert.equal(when(asked, NOW), 'Wed 18 Nov 15:00 to Wed 25 Nov 15:00');
});

test('as long a range before: days are days, also where one of them has 25 hours', () => {
  const week = berlin('2025-10-26T00:00:00+02:00', '2025-11-02T00:00:00+01:00');
  assert.deepEqual(beside(week, -1, NOW), { from: '2025-10-19', to: '2025-10-26' });
  assert.deepEqual(beside(week, 1, NOW), { from: '2025-11-02', to: '2025-11-09' });
  const hours = question('2026-11-24T15:00:00+00:00', '2026-11-25T15:00:00+00:00');
  assert.deepEqual(beside(hours, -1, NOW), { from: '2026-11-23T15:00:00Z', to: '2026-11-24T15:00:00Z' });
});

test('nothing is after the present', () => {
  assert.equal(beside(question('2026-11-24T15:00:00+00:00', '2026-11-25T15:00:00+00:00'), 1, NOW), null);
});

test('days and who looked', () => {
  assert.equal(isoDay(Date.parse('2025-10-25T22:30:00Z'), 'Europe/Berlin'), '2025-10-26');
  assert.equal(dayAfter('2024-02-28'), '2024-02-29');
  assert.equal(who('robot'), 'robots only');
  assert.equal(who('all'), 'people and robots');
});
