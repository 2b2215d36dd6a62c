// What the four numbers say, by the rules of whole hours and of little.

import assert from 'node:assert/strict';
import test from 'node:test';

import { readAddress } from '../../../dashboard/page/js/address.js';
import { busiestSaid, changeSaid, hourSaid, openHour, viewsSaid, wholeOf } from '../../../dashboard/page/js/figures.js';

const NOW = Date.parse('2026-11-25T14:37:05Z');
const hour = (n, views, complete = true, more = {}) => ({ from: `2026-11-25T${n}:00:00+00:00`, to: `2026-11-25T${n + 1}:00:00+00:00`, views, complete, ...more });
const asked = { selection: {}, from: '2026-11-25T12:00:00+00:00', to: '2026-11-25T15:00:00+00:00', unit: 'hour', tz: 'UTC', agent: 'all' };
const series = (more = {}) => ({
  question: asked, total: 1_024_830, complete_until: '2026-11-25T14:37:04Z', generation: 3, notes: [], busiest: null,
  buckets: [hour(12, 5), hour(13, 6), hour(14, 7, false)], ...more,
});
const compared = (more) => series({ compare: { from: '', to: '', total: 0, change: null, buckets: [], hours: 168, of_hours: 168, views: 112, before: 100, ...more } });

test('views are exact, and say what of them is not over', () => {
  assert.deepEqual(viewsSaid(series(), { now: NOW }), { text: '1,024,830', note: 'the last hour is not over' });
  const over = series({ buckets: [hour(12, 5), hour(13, 6)] });
  assert.equal(viewsSaid(over, { now: NOW }).note, 'every hour is over');
  const behind = series({ buckets: [hour(12, 5, false), hour(13, 6, false), hour(14, 7, false)] });
  assert.equal(viewsSaid(behind, { now: NOW }).note, 'will grow: not all is counted yet');
});

test('a part never looks like the whole', () => {
  const all = { total: 3_305_903, words: 'people and robots' };
  assert.equal(viewsSaid(series(), { now: NOW, all }).note, '31.0\u202f% of people and robots');
});

test('what is no longer kept is said with the hour since when it is', () => {
  const cut = series({ buckets: [hour(12, 5, true, { cut: ['horizon'] }), hour(13, 6)] });
  assert.equal(viewsSaid(cut, { now: NOW, horizon: '2025-10-21T14:00:00Z' }).note, 'counted from 21 Oct 2025 14:00 UTC on');
  assert.equal(viewsSaid(cut, { now: NOW }).note, 'without the hours that are no longer kept');
});

test('a change is of whole hours, and says how many were compared', () => {
  assert.deepEqual(changeSaid(compared({})), { mark: '▲', text: '+12.0\u202f%', words: 'up 12.0 percent', note: '100 before, whole hours only' });
  assert.equal(changeSaid(compared({ hours: 165 })).note, '100 before, in 165 of 168 hours');
});

test('a change of few of the hours is none', () => {
  const few = changeSaid(compared({ hours: 840, of_hours: 8_751 }));
  assert.deepEqual(few, { text: '–', note: 'only 840 of 8,751 hours can be compared' });
  assert.deepEqual(changeSaid(compared({ hours: 0 })), { text: '–', note: 'the time before is no longer kept' });
  assert.equal(changeSaid(compared({ hours: 0, of_hours: 0 })).text, '–');
  const unknown = { ...compared({ hours: 0 }), complete_until: null };
  assert.deepEqual(changeSaid(unknown), { text: '–', note: 'not counted yet' });
});

test('nothing before, little before', () => {
  assert.deepEqual(changeSaid(compared({ before: 0, views: 0 })), { text: '–', note: 'nothing before to compare with' });
  assert.equal(changeSaid(compared({ before: 0, views: 9 })).text, '–');
  assert.equal(changeSaid(compared({ before: 4, views: 7 })).text, '+3');
});

test('the open hour is known once anything of it may be counted', () => {
  assert.deepEqual(hourSaid(hour(14, 6_470, false), '2026-11-25T14:37:04Z', 'UTC'), { text: '6,470', note: '14:00–15:00, not over' });
  assert.deepEqual(hourSaid(hour(14, 0, false), '2026-11-25T11:20:41Z', 'UTC'), { text: '–', note: 'not counted yet' });
  assert.equal(hourSaid(undefined, '2026-11-25T14:37:04Z', 'UTC').text, '–');
});

test('the open hour stands in series by hour that reach the present', () => {
  assert.equal(openHour(series(), NOW)?.views, 7);
  assert.equal(openHour(series({ question: { ...asked, unit: 'day' } }), NOW), null);
  assert.equal(openHour(series(), NOW + 3_600_000), null);
});

test('the busiest bucket is of the drawn unit', () => {
  assert.deepEqual(busiestSaid(series({ busiest: hour(13, 6) })), { text: '6', note: 'Wed 25 Nov 13:00–14:00' });
  assert.deepEqual(busiestSaid(series()), { text: '–', note: 'no views in this range' });
});

test('what a view is a part of', () => {
  const of = (query) => wholeOf(readAddress(new URL(`http://here/${query}`)))?.words;
  assert.equal(of(''), undefined);
  assert.equal(of('?site=example.com'), 'all sites');
  assert.equal(of('?source='), 'all sites');
  assert.equal(of('?page=a&agent=robot'), 'people and robots');
  assert.equal(of('?agent=all'), undefined);
});
