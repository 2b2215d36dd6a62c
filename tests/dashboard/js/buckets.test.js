import assert from 'node:assert/strict';
import test from 'node:test';

import { cellsOf, gapText, runsOf, sumOf, wordsOf } from '../../../dashboard/page/js/buckets.js';

const NOW = Date.parse('2026-11-25T14:37:05Z');
const hour = (at, views, more = {}) => ({ from: `2026-11-25T${at}:00:00+00:00`, to: `2026-11-25T${at + 1}:00:00+00:00`, views, complete: true, ...more });
const day = (at, views, more = {}) => ({ from: `2026-11-${at}T00:00:00+00:00`, to: `2026-11-${at + 1}T00:00:00+00:00`, views, complete: true, ...more });
const told = (buckets, unit = 'hour', complete = NOW) => cellsOf(buckets, { unit, complete, now: NOW }).map(({ kind, views, state }) => [kind, views, state]);
const gone = { cut: ['horizon'] };
const open = { complete: false };

test('a zero that is complete is a zero', () => assert.deepEqual(told([hour(11, 0), hour(12, 5)]), [['whole', 0, 'yes'], ['whole', 5, 'yes']]));

test('the hour in progress has what came so far, nothing too', () => {
  assert.deepEqual(told([hour(14, 6_470, open), hour(15, 0, open)]), [['part', 6_470, 'not yet'], ['ahead', null, 'still to come']]);
  assert.deepEqual(told([hour(14, 0, open)]), [['part', 0, 'not yet']]);
});

test('beyond what is counted a bucket without views is not a zero', () => {
  const complete = Date.parse('2026-11-25T11:20:41Z');
  const found = told([hour(10, 7), hour(11, 0, open), hour(12, 0, open), hour(13, 9, open), hour(14, 0, open), hour(15, 0, open)], 'hour', complete);
  assert.deepEqual(found.map(([kind]) => kind), ['whole', 'part', 'later', 'part', 'later', 'ahead']);
  assert.deepEqual(told([hour(10, 0, open)], 'hour', null), [['later', null, 'not counted yet']]);
});

test('before the horizon nothing is known, and of the bucket that it cuts a part', () => {
  assert.deepEqual(told([hour(10, 0, gone), hour(11, 0, gone), hour(12, 4)]).map(([kind]) => kind), ['gone', 'gone', 'whole']);
  assert.deepEqual(told([day(10, 0, gone), day(11, 30, gone), day(12, 40)], 'day'), [
    ['gone', null, 'no longer kept'],
    ['part', 30, 'its beginning is no longer kept'],
    ['whole', 40, 'yes'],
  ]);
  assert.deepEqual(told([day(10, 0, gone), day(11, 0, gone), day(12, 40)], 'day').map(([kind]) => kind), ['gone', 'gone', 'whole']);
  assert.deepEqual(told([day(10, 0, gone)], 'day').map(([kind]) => kind), ['gone']);
});

test('a bucket of which the range has a part says so', () => {
  assert.deepEqual(told([day(10, 3, { cut: ['range'] })], 'day'), [['part', 3, 'only a part of the day was asked for']]);
});

test('neighbours that are known are one run, whole or in part', () => {
  const cells = cellsOf([hour(10, 0, gone), hour(11, 1), hour(12, 0), hour(14, 2, open), hour(15, 0, open)], { unit: 'hour', complete: NOW, now: NOW });
  assert.deepEqual(runsOf(cells), [{ kind: 'gone', from: 0, to: 1 }, { kind: 'whole', from: 1, to: 4 }, { kind: 'ahead', from: 4, to: 5 }]);
  assert.deepEqual(['whole', 'part', 'gone', 'later', 'ahead'].map(gapText), ['', '', 'no longer kept', 'not counted yet', 'still to come']);
});

test('words of a bucket', () => {
  const cells = cellsOf([hour(11, 1), hour(14, 2, open), hour(15, 0, open)], { unit: 'hour', complete: NOW, now: NOW });
  const words = (at, before) => wordsOf(cells[at], before, 'hour', 'UTC').join('');
  assert.equal(words(0), 'Wed 25 Nov 11:00–12:00: 1 view');
  assert.equal(words(1, cells[0]), 'Wed 25 Nov 14:00–15:00: 2 views so far, 1 before');
  assert.equal(words(2, cells[2]), 'Wed 25 Nov 15:00–16:00: still to come');
  const [cut] = cellsOf([day(11, 30, gone), day(12, 1)], { unit: 'day', complete: NOW, now: NOW });
  assert.equal(wordsOf(cut, cut, 'day', 'UTC').join(''), 'Wed 11 Nov: 30 views, 30 before, its beginning is no longer kept');
  assert.equal(sumOf(cells, 'hour', 'UTC').join(''), '3 hours from Wed 25 Nov 11:00–12:00 to Wed 25 Nov 15:00–16:00: 3 views, 1 not known');
});

test('the hour that comes twice is told apart', () => {
  const at = (text, end) => ({ from: text, to: end, views: 1, complete: true });
  const cells = cellsOf(
    [
      at('2026-10-25T01:00:00+02:00', '2026-10-25T02:00:00+02:00'),
      at('2026-10-25T02:00:00+02:00', '2026-10-25T02:00:00+01:00'),
      at('2026-10-25T02:00:00+01:00', '2026-10-25T03:00:00+01:00'),
      at('2026-10-25T03:00:00+01:00', '2026-10-25T04:00:00+01:00'),
    ],
    { unit: 'hour', complete: NOW, now: NOW },
  );
  assert.deepEqual(cells.map((cell) => wordsOf(cell, undefined, 'hour', 'Europe/Berlin')[0]), [
    'Sun 25 Oct 01:00–02:00: ',
    'Sun 25 Oct 02:00–03:00 (UTC+2): ',
    'Sun 25 Oct 02:00–03:00 (UTC+1): ',
    'Sun 25 Oct 03:00–04:00: ',
  ]);
});

test('a day that is cut at the hour before it begins has its own name', () => {
  const [cell] = cellsOf([{ from: '2025-07-15T23:30:00+05:30', to: '2025-07-16T23:30:00+05:30', views: 1, complete: true }], { unit: 'day', complete: NOW, now: NOW });
  assert.equal(wordsOf(cell, undefined, 'day', 'Asia/Kolkata')[0], 'Wed 16 Jul: ');
});
