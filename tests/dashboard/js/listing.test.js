import assert from 'node:assert/strict';
import test from 'node:test';

import { readAddress } from '../../../dashboard/page/js/address.js';
import { comparedOf, gistOf, listed, only, partsOf, partsOver, siteOf, sourcesOf, tableOf } from '../../../dashboard/page/js/listing.js';
import { differenceOf, whyNone } from '../../../dashboard/page/js/movers.js';
import { nextOf } from '../../../dashboard/page/js/whole-table.js';

const NOW = Date.UTC(2026, 10, 25, 14, 37);
const view = (query = '') => readAddress(new URL(`http://127.0.0.1/?${query}`));
const COMPARED = { total: 100, hours: 167, of_hours: 167 };

test('a list is compared with the time before, unless the view says with which', () => {
  assert.equal(listed(view('site=a.example&page=x&period=30d'), ['site']).toString(), 'site=a.example&period=30d&compare=previous');
  assert.equal(listed(view('compare=year&tz=Asia/Tokyo'), ['site'], { limit: 7 }).toString(), 'tz=Asia%2FTokyo&compare=year&limit=7');
});

test('what is pressed takes the place of what cannot be asked together with it', () => {
  assert.deepEqual(only.page('a.example/x'), { page: 'a.example/x', prefix: '', site: '', source: null });
  assert.deepEqual(only.site('a.example'), { site: 'a.example', page: '', prefix: '' });
  assert.deepEqual(only.source('', view('page=a.example/x')), { source: '', site: 'a.example', page: '', prefix: '' });
  assert.deepEqual(only.source('n.example', view('site=b.example')), { source: 'n.example', site: 'b.example', page: '', prefix: '' });
});

test('sources are those of the site of a page or a prefix', () => {
  const found = ['', 'site=a.example', 'page=a.example/x/y', 'page=alone', 'page=/x', 'prefix=a.example/x', 'prefix=a.ex'].map((query) => sourcesOf(view(query)));
  assert.deepEqual(found, [null, 'a.example', 'a.example', 'alone', '', 'a.example', null]);
  assert.equal(siteOf('/x'), '');
});

test('a change is of the hours that can be compared, not of all views of the row', () => {
  assert.deepEqual(comparedOf({ views: 2_960, before: 2_927, change: 23 / 2_927 }, COMPARED), [2_950, 2_927]);
  assert.deepEqual(comparedOf({ views: 5, before: 0, change: null }, COMPARED), [5, 0]);
});

test('nothing is claimed where too little is kept', () => {
  const row = { views: 10, before: 5, change: 1 };
  assert.equal(comparedOf(row, { total: 100, hours: 83, of_hours: 167 }), null);
  assert.equal(comparedOf(row, { total: 100, hours: 0, of_hours: 0 }), null);
  assert.deepEqual(comparedOf(row, { hours: 84, of_hours: 168 }), [10, 5]);
  assert.equal(comparedOf({ views: 10, change: null }, undefined), null);
});

test('outlines are of hours up to two days, of days up to 60, else of weeks', () => {
  const found = ['', 'period=24h', 'period=30d', 'period=month', 'period=12mo', 'from=2026-11-24&to=2026-11-26', 'from=2026-11-01&to=2026-11-25', 'from=2026-01-01', 'from=2020-01-01', 'from=nonsense'];
  assert.deepEqual(found.map((query) => partsOf(view(query), NOW)), [7, 24, 30, 25, 52, 48, 24, 47, 100, 1]);
});

test('what is not over or not counted is no part of an outline', () => {
  const edges = ['2026-11-25T12:00:00Z', '2026-11-25T13:00:00Z', '2026-11-25T14:00:00Z', '2026-11-25T15:00:00Z'];
  assert.equal(partsOver(edges, '2026-11-25T14:37:00Z', NOW), 2);
  assert.equal(partsOver(edges, '2026-11-25T13:20:00Z', NOW), 1);
  assert.equal(partsOver(edges, null, NOW), 2);
  assert.equal(partsOver(undefined, null, NOW), 0);
});

test('a table is the same question, without outlines', () => {
  assert.equal(tableOf('/stats/pages', new URLSearchParams('site=a&limit=10&trend=7')), '/stats/pages?site=a&limit=1000&format=csv');
});

test('where a table goes on', () => {
  assert.equal(nextOf('<?limit=100&cursor=ab>; rel="next"', 'http://a.example/stats/pages?limit=100'), 'http://a.example/stats/pages?limit=100&cursor=ab');
  assert.equal(nextOf(null, 'http://a.example/'), '');
});

test('movers in words', () => {
  assert.deepEqual([differenceOf({ difference: 55_462 }), differenceOf({ difference: -6_307 })], ['+55,462', '−6,307']);
  assert.equal(gistOf('search.example', 248, 1_000), 'search.example 24.8\u202f%');
  const one = [{ page: 'a/b', views: 2, before: 1, difference: 1 }];
  assert.equal(whyNone({ compare: COMPARED, risers: one, fallers: [] }), '');
  assert.equal(whyNone({ compare: COMPARED, risers: [], fallers: [] }), 'No page gained or lost views.');
  assert.equal(whyNone({ compare: { total: 9, hours: 10, of_hours: 167 }, risers: one, fallers: [] }), 'Too little of the time before is kept to compare.');
  assert.equal(whyNone({ compare: { total: 0, hours: 167, of_hours: 167 }, risers: one, fallers: [] }), 'Movers need two ranges with views in them.');
});
