import assert from 'node:assert/strict';
import test from 'node:test';

import { proofOf } from '../../../dashboard/page/js/proof-words.js';

const NOW = Date.parse('2026-11-25T14:37:06Z');
const reader = {
  horizon: '2025-10-21T14:00:00Z',
  retention_days: 400,
  partitions: [
    { partition: 0, lag_seconds: 1, stopped: false, reason: null },
    { partition: 4, lag_seconds: 11_785, stopped: false, reason: 'unheld' },
  ],
  audits: [{ kind: 'totals', at: '2026-11-25T13:55:00Z', difference: 0 }, { kind: 'aggregates', at: '2026-11-24T13:55:00Z', difference: 3 }],
};
const told = (state, behind = null) => Object.fromEntries(proofOf({ state, behind, now: NOW }).map(({ title, rows }) => [title, Object.fromEntries(rows)]));

test('for a reader: partitions, what is kept, audits', () => {
  assert.deepEqual(told(reader), {
    Counted: { 'Partitions caught up': '1 of 2', 'Furthest behind': 'no. 4, 3 h 16 min' },
    Kept: { 'Oldest hour': '21 Oct 2025 14:00 UTC', Rule: '400 days' },
    'Audited every hour': { 'views in all': '13:55 UTC: no difference', 'sums of days': '24 Nov 2026 13:55 UTC: 3' },
  });
});

test('for an operator also what waits, was set aside, was refused', () => {
  const operator = { ...reader, dead_letters: { letters: 3, by_clock: 1, by_reason: { bytes: 2, clock: 1 } }, refused: { since: '2026-11-25T00:00:00Z', by_reason: { 'undeclared-site': 1_204, 'not-acceptable': 2 } } };
  const found = told(operator, 12);
  assert.equal(found.Counted.Waiting, '12 batches');
  assert.equal(found.Counted['Set aside'], '3 (undecodable 2, wrong clock 1)');
  assert.deepEqual(found['Refused since 25 Nov 2026 00:00 UTC'], { 'Site not declared': '1,204', 'not acceptable': '2' });
});

test('what is not known is said, never shown as nothing', () => {
  assert.deepEqual(told({ ...reader, horizon: null, retention_days: null }).Kept, { 'Oldest hour': 'the first that was counted', Rule: 'all is kept' });
  assert.deepEqual(told({ ...reader, dead_letters: null, refused: null }).Refused, { 'Told by ingest': 'GET /metrics' });
  assert.deepEqual(told({ ...reader, audits: [] })['Audited every hour'], { Last: 'not yet' });
  assert.equal(told({ ...reader, partitions: [{ partition: 1, lag_seconds: null, stopped: false, reason: null }] }).Counted['Furthest behind'], 'no. 1, not known');
});
