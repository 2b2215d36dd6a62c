import assert from 'node:assert/strict';
import test from 'node:test';

import { endsOf, xTicks, yTicks } from '../../../dashboard/page/js/scales.js';
import { many } from './many.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const texts = (locals, unit, width) => xTicks(locals, unit, width, 1).map((tick) => tick.text);
const hours = (count, from) => Array.from({ length: count }, (_, at) => from + at * HOUR);
/** As buckets of days have it: up to an hour after they begin. */
const days = (count, from) => Array.from({ length: count }, (_, at) => from + at * DAY + HOUR - 1);

test('lines of the scale by example', () => {
  const found = [0, 1, 3, 5, 10, 18_177, 312_000_000].map((most) => yTicks(most));
  assert.deepEqual(found, [[0], [0, 1], [0, 1, 2, 3], [0, 2, 4], [0, 5, 10], [0, 5_000, 10_000, 15_000], [0, 1e8, 2e8, 3e8]]);
});

test('two to five lines from zero, equal steps, whole numbers, never above the most', () => {
  many(5_000, (random) => {
    const most = Math.floor(10 ** (random() * 12)) + 1;
    const ticks = yTicks(most);
    assert.ok(ticks.length >= 2 && ticks.length <= 5, `${most}: ${ticks}`);
    assert.equal(ticks[0], 0);
    ticks.forEach((tick, at) => assert.ok(Number.isInteger(tick) && tick === ticks[1] * at, `${most}: ${ticks}`));
    assert.ok(ticks[ticks.length - 1] <= most);
    assert.ok(ticks[ticks.length - 1] > most / 2.6, `${most} stands far above ${ticks}`);
  });
});

test('a week by hour is labelled by day, where days begin', () => {
  const found = xTicks(hours(168, Date.UTC(2026, 10, 18, 15)), 'hour', 1_170, 1);
  assert.deepEqual(found[0], { at: 9, text: 'Thu 19', strong: true });
  assert.deepEqual(found.map((tick) => tick.at), [9, 33, 57, 81, 105, 129, 153]);
  assert.deepEqual(texts(hours(168, Date.UTC(2026, 10, 18, 17)), 'hour', 323), ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']);
  assert.deepEqual(texts(hours(168, Date.UTC(2026, 10, 23, 7)), 'hour', 323), ['Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);
  assert.deepEqual(texts(hours(168, Date.UTC(2026, 10, 18, 15)), 'hour', 270), ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']);
});

test('a day by hour is labelled by the clock, and where the day begins by its name', () => {
  assert.deepEqual(texts(hours(24, Date.UTC(2026, 10, 18, 15)), 'hour', 1_170), ['15:00', '18:00', '21:00', 'Thu 19', '03:00', '06:00', '09:00', '12:00']);
});

test('an hour that comes twice is labelled once', () => {
  const [from] = [Date.UTC(2026, 9, 25)];
  const locals = [0, 1, 2, 2, 3, 4].map((hour) => from + hour * HOUR);
  assert.deepEqual(texts(locals, 'hour', 900), ['Sun 25', '01:00', '02:00', '03:00', '04:00']);
});

test('days are labelled each, by Monday, by month, by year: the finest that has room', () => {
  assert.deepEqual(texts(days(3, Date.UTC(2026, 10, 18)), 'day', 1_170), ['Wed 18', 'Thu 19', 'Fri 20']);
  assert.deepEqual(texts(days(7, Date.UTC(2026, 10, 18)), 'day', 270), ['Wed', 'Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue']);
  assert.deepEqual(texts(days(30, Date.UTC(2026, 9, 12)), 'day', 1_170), ['12 Oct', '19 Oct', '26 Oct', '2 Nov', '9 Nov']);
  assert.deepEqual(texts(days(365, Date.UTC(2025, 10, 26)), 'day', 1_170).slice(0, 3), ['Dec', 'Jan 2026', 'Feb']);
  assert.deepEqual(texts(days(2_000, Date.UTC(2020, 0, 1)), 'day', 600), ['2020', '2021', '2022', '2023', '2024', '2025']);
});

test('days of a zone that are cut before they begin are named by the day they are', () => {
  // 23:30 of the evening before, as in Asia/Kolkata.
  const locals = days(3, Date.UTC(2025, 6, 16) - HOUR / 2);
  assert.deepEqual(texts(locals, 'day', 1_170), ['Wed 16', 'Thu 17', 'Fri 18']);
});

test('labels never touch, are in order and end within the chart, whatever is asked for', () => {
  const lengths = { hour: HOUR, day: DAY, week: 7 * DAY, month: 30.44 * DAY };
  many(3_000, (random) => {
    const unit = Object.keys(lengths)[Math.floor(random() * 4)];
    const count = Math.ceil(10 ** (random() * 3.7));
    const [width, k] = [200 + random() * 3_600, 1 + random()];
    const from = Math.floor((random() * 60 * 365 * DAY) / HOUR) * HOUR;
    const locals = Array.from({ length: count }, (_, at) => from + Math.floor((at * lengths[unit]) / HOUR) * HOUR);
    const ticks = xTicks(locals, unit, width, k);
    const ends = ticks.map((tick) => endsOf(tick, unit, width, count, k));
    const told = `${count} ${unit} on ${width} px: ${ticks.map((tick) => tick.text)}`;
    ends.forEach(([left, right], at) => {
      if (at) assert.ok(left - ends[at - 1][1] >= 8.9 * k, told);
      assert.ok(right <= width + 0.001, told);
    });
    assert.equal(new Set(ticks.map((tick) => tick.at)).size, ticks.length);
  });
});
