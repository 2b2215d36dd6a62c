import assert from 'node:assert/strict';
import test from 'node:test';

import { plot } from '../../../dashboard/page/js/plot.js';
import { many } from './many.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 18, 15);
const cell = (views, at, kind = views === null ? 'gone' : 'whole') => ({ from: START + at * HOUR, to: START + (at + 1) * HOUR, local: START + at * HOUR, views, kind, state: '' });
const cells = (...views) => views.map((each, at) => cell(each, at));
const drawn = (found, more = {}) => plot({ cells: found, before: null, unit: 'hour', tz: 'UTC', width: 600, height: 244, k: 1, ...more });
const named = ({ shapes }, spec) => shapes.filter((shape) => shape.spec === spec).map((shape) => shape.at);
/** Bars of a path: left, top, width, bottom. */
const bars = (found, spec = 'path.bar') =>
  [...(named(found, spec)[0]?.d ?? '').matchAll(/M([\d.]+) ([\d.]+)V([\d.]+)h([\d.]+)V[\d.]+Z/g)].map(([, x, bottom, top, wide]) => ({ x: +x, bottom: +bottom, top: +top, wide: +wide }));

test('a bar is as high as its number, from the baseline on', () => {
  const [first, second] = bars(drawn(cells(100, 50, 0)));
  assert.deepEqual([first.top, first.bottom, second.top], [22, 222, 122]);
});

test('zero is the bare baseline, and one view among a million is two px', () => {
  const found = drawn(cells(1_000_000, 1, 0));
  assert.equal(bars(found).length, 2);
  assert.equal(bars(found)[1].bottom - bars(found)[1].top, 2);
  assert.deepEqual(named(found, 'line.base').map(({ x2 }) => x2), [600]);
});

test('a bar is never wider than 72 px, however few there are', () => {
  assert.equal(bars(drawn(cells(1), { width: 1_216 }))[0].wide, 72);
});

test('below four px for a bucket it is a line: stepped by hour, straight by day', () => {
  const many = cells(...Array.from({ length: 300 }, (_, at) => at % 7));
  assert.equal(named(drawn(many), 'path.bar').length, 0);
  const [hours, days] = [named(drawn(many), 'path.curve')[0].d, named(drawn(many, { unit: 'day' }), 'path.curve')[0].d];
  assert.equal(hours.match(/L/g).length, 2 * 300 - 1);
  assert.equal(days.match(/L/g).length, 299);
});

test('what is known in part is hatched as a bar and dashed as a line', () => {
  const few = [cell(5, 0), cell(3, 1, 'part')];
  assert.equal(bars(drawn(few)).length, 1);
  assert.equal(bars(drawn(few), 'path.part').length, 1);
  const many = Array.from({ length: 300 }, (_, at) => cell(5, at, at === 299 ? 'part' : 'whole'));
  for (const unit of ['hour', 'day']) {
    const found = drawn(many, { unit });
    assert.equal(named(found, 'path.curve.later')[0].d.match(/M/g).length, 1);
    assert.equal(named(found, 'path.curve')[0].d.match(/M/g).length, 1);
  }
});

test('a gap has no baseline, no line leads over it, and it says why where there is room', () => {
  const found = drawn([...cells(null, null, 4), cell(null, 3, 'later')]);
  assert.equal(named(found, 'rect.gap.gone').length, 1);
  assert.equal(named(found, 'rect.gap.later').length, 1);
  assert.equal(named(found, 'line.base').length, 1);
  const texts = found.shapes.filter((shape) => shape.text).map((shape) => shape.text);
  assert.ok(texts.includes('no longer kept') && texts.includes('not counted yet'));
  const line = drawn(Array.from({ length: 300 }, (_, at) => cell(at === 150 ? null : 5, at)));
  assert.equal(named(line, 'path.curve')[0].d.match(/M/g).length, 2);
  assert.equal(named(line, 'path.area')[0].d.match(/Z/g).length, 2);
});

test('the range before is drawn with a halo below it, on the same scale, and ends where it is not known', () => {
  const found = drawn(cells(10, 10, 10), { before: [cell(null, 0), cell(40, 1, 'part'), cell(20, 2)] });
  assert.equal(named(found, 'path.was-halo')[0].d, named(found, 'path.was')[0].d);
  assert.equal(named(found, 'path.was')[0].d.match(/M/g).length, 1);
  assert.equal(bars(found)[0].top, 122);
});

test('the peak is told with its moment, with its number alone where there is little room', () => {
  const text = (found) => found.shapes.find((shape) => shape.spec === 'text.peak')?.text;
  assert.equal(text(drawn(cells(1, 18_177, 3))), '18,177  Wed 18 Nov 16:00–17:00');
  assert.equal(text(drawn(cells(1, 18_177, 3), { width: 300 })), '18,177');
  assert.equal(text(drawn(cells(0, 0, 0))), undefined);
});

test('all of it stays within the chart and is few elements, whatever there is to draw', () => {
  many(400, (random) => {
    const count = Math.ceil(10 ** (random() * 4));
    const kinds = ['whole', 'whole', 'part', 'gone', 'later', 'ahead'];
    const most = 10 ** (random() * 9);
    let kind = 'whole';
    const some = () =>
      Array.from({ length: count }, (_, at) => {
        if (random() < 0.01) kind = kinds[Math.floor(random() * 6)];
        return cell(kind === 'whole' || kind === 'part' ? Math.floor(random() * most) : null, at, kind);
      });
    const [width, height] = [256 + Math.floor(random() * 3_000), 176 + Math.floor(random() * 200)];
    const unit = random() < 0.5 ? 'hour' : 'day';
    const found = drawn(some(), { before: random() < 0.5 ? some() : null, width, height, unit });
    const told = `${count} by ${unit} on ${width} x ${height}`;
    assert.ok(found.shapes.length < 800, told);
    for (const { spec, at } of found.shapes) {
      const text = JSON.stringify(at);
      assert.ok(!/NaN|Infinity|null/.test(text), `${told}: ${spec} ${text.slice(0, 200)}`);
      if (at.x2) assert.ok(Number(at.x2) <= width + 0.1, `${told}: ${spec} ${text}`);
      if (spec.startsWith('rect')) assert.ok(Number(at.x) + Number(at.width) <= width + 1.1, `${told}: ${spec} ${text}`);
    }
    for (const bar of [...bars(found), ...bars(found, 'path.part')]) {
      assert.ok(bar.wide <= 72 && bar.wide >= 2.9 && bar.bottom - bar.top >= 1.9 && bar.top >= found.top - 0.1, `${told}: ${JSON.stringify(bar)}`);
    }
  });
});
