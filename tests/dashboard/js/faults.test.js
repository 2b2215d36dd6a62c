// What is said without an answer, the nearest question, when it is asked again, and zones to find.

import assert from 'node:assert/strict';
import test from 'node:test';

import { readAddress } from '../../../dashboard/page/js/address.js';
import { AskError } from '../../../dashboard/page/js/ask.js';
import { filters } from '../../../dashboard/page/js/asked.js';
import { troubleText } from '../../../dashboard/page/js/faults.js';
import { delay } from '../../../dashboard/page/js/refresh.js';
import { zoneName } from '../../../dashboard/page/js/say.js';
import { nearest } from '../../../dashboard/page/js/wrong-link.js';
import { zones } from '../../../dashboard/page/js/zones.js';

const view = (query) => readAddress(new URL(`http://here/${query}`));

test('the nearest question is without what was at fault', () => {
  assert.deepEqual(nearest(view('?unit=minute&site=a'), [{ pointer: 'unit' }]), { unit: '' });
  assert.deepEqual(nearest(view('?source=a&page=b'), [{ pointer: 'source' }]), { source: null });
  assert.equal(nearest(view('?unit=hour'), []).unit, '');
});

test('of a range that is half at fault the other half is kept', () => {
  assert.deepEqual(nearest(view('?from=never&to=2026-11-01'), [{ pointer: 'from' }]), { from: '', period: '', to: '2026-11-01' });
});

test('each failure is said in words, and when it is asked again', () => {
  assert.equal(troubleText(new AskError('often', '', { wait: 12 }), 12_000, true), 'Asked too often. Again in 12 s.');
  assert.equal(troubleText(new AskError('silent', ''), 4_000, true), 'Footfall does not answer. What you see is the last answer. Asking again in 4 s.');
  assert.equal(troubleText(new AskError('away', ''), 200, false), 'The database does not answer. Asking again in 1 s.');
});

test('later and later, never before the service wants to be asked', () => {
  assert.deepEqual([1, 2, 3, 9].map((failures) => delay(failures, 0)), [2_000, 4_000, 8_000, 60_000]);
  assert.equal(delay(1, 12), 12_000);
});

test('the filters of a view in the order in which they can be undone', () => {
  assert.deepEqual(filters(view('?site=a&source=&agent=robot')).map((each) => each.words || each.name), ['a', '(no source given)', 'robots only']);
  assert.deepEqual(filters(view('?period=30d')), []);
});

test('zones are found by any part of their names', () => {
  const all = ['Africa/Abidjan', 'America/New_York', 'Europe/Berlin'];
  assert.deepEqual(zones('new york', [], all), ['America/New_York']);
  assert.deepEqual(zones('', ['UTC', 'Europe/Berlin'], all), ['UTC', 'Europe/Berlin', 'Africa/Abidjan', 'America/New_York']);
  assert.equal(zoneName('America/New_York'), 'New York time');
});
