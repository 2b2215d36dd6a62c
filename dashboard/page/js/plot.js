// A chart as a few shapes in px. Pure: what is drawn is decided here, `drawn.js` only makes elements of it.

import { gapText, runsOf } from './buckets.js';
import { bucket, int, tick } from './say.js';
import { endsOf, widthOf, xTicks, yTicks } from './scales.js';

/**
 * @typedef {import('./buckets.js').Cell} Cell
 * @typedef {{ spec: string, at: Record<string, number | string>, text?: string }} Shape
 */

/**
 * @typedef {object} Plot
 * @property {Shape[]} shapes
 * @property {number} left where the first bucket begins
 * @property {number} top
 * @property {number} high of the biggest number
 * @property {number} room px of a bucket
 * @property {boolean} bars or a line
 */

/**
 * @typedef {object} Drawing
 * @property {Cell[]} cells at least one
 * @property {Cell[] | null} before
 * @property {string} unit
 * @property {string} tz
 * @property {number} width
 * @property {number} height
 * @property {number} k how big text is, 1 where a rem is 16 px
 */

/** A bar is never wider, and never narrower than what still has a gap beside it; below that a line is drawn. */
const WIDEST = 72;
const NARROWEST = 4;
/** One view is seen. */
const LEAST = 2;

/** @param {number} n */
const short = (n) => Math.round(n * 10) / 10;

/**
 * @param {Drawing} drawing
 * @returns {Plot}
 */
export function plot({ cells, before, unit, tz, width, height, k }) {
  const past = before?.map((each) => (each.kind === 'whole' ? each.views : null)) ?? null;
  const most = Math.max(0, ...cells.map((each) => each.views ?? 0), ...(past ?? []).map((views) => views ?? 0));
  const ticks = yTicks(most);
  const left = Math.max(...ticks.map((each) => widthOf(tick(each), k))) + 10;
  const top = 22 * k;
  const high = Math.max(1, height - 2 * top);
  const room = Math.max(0, width - left) / cells.length;
  const at = {
    left, top, room, high, width, height, unit, tz, k, bottom: top + high, bars: room >= NARROWEST,
    x: (/** @type {number} */ index) => short(left + index * room),
    y: (/** @type {number} */ views) => short(views ? Math.min(top + high - LEAST, top + high - (views / most) * high) : top + high),
  };
  const shapes = [
    ...scale(ticks, cells, at),
    ...runsOf(cells).flatMap((run) => (run.kind === 'whole' ? [baseline(run, at)] : gap(run, at))),
    ...(at.bars ? bars(cells, at) : line(cells, at)),
    ...(past ? was(past, at) : []),
    ...peak(cells, at),
  ];
  return { shapes, left, top, high, room, bars: at.bars };
}

/** @typedef {{ left: number, top: number, bottom: number, room: number, high: number, width: number, height: number, unit: string, tz: string, k: number, bars: boolean, x: (index: number) => number, y: (views: number) => number }} Place */

/** @param {number[]} ticks @param {Cell[]} cells @param {Place} at @returns {Shape[]} */
function scale(ticks, cells, at) {
  /** @type {Shape[]} */
  const lines = ticks.filter(Boolean).map((views) => ({ spec: 'line.grid', at: { x1: at.left, x2: at.width, y1: at.y(views), y2: at.y(views) } }));
  /** @type {Shape[]} */
  const rows = ticks.map((views) => ({ spec: 'text.axis', at: { x: at.left - 8, y: at.y(views) + 4 * at.k, 'text-anchor': 'end' }, text: tick(views) }));
  const among = at.unit === 'hour' ? 0 : 0.5;
  const wide = at.width - at.left;
  const columns = xTicks(cells.map((each) => each.local), at.unit, wide, at.k).flatMap((each) => {
    const x = at.x(each.at + among);
    const [from, to] = endsOf(each, at.unit, wide, cells.length, at.k);
    const stands = each.strong ? { x: short(at.left + from), 'text-anchor': 'start' } : { x: short(at.left + (from + to) / 2), 'text-anchor': 'middle' };
    return /** @type {Shape[]} */ ([
      { spec: 'line.tick', at: { x1: x, x2: x, y1: at.bottom, y2: at.bottom + 5 } },
      { spec: each.strong ? 'text.axis.strong' : 'text.axis', at: { ...stands, y: at.height - 5 * at.k }, text: each.text },
    ]);
  });
  return [...lines, ...rows, ...columns];
}

/** @param {{ from: number, to: number }} run @param {Place} at @returns {Shape} */
const baseline = (run, at) => ({ spec: 'line.base', at: { x1: at.x(run.from), x2: at.x(run.to), y1: at.bottom + 0.5, y2: at.bottom + 0.5 } });

/** @param {{ kind: import('./buckets.js').Kind, from: number, to: number }} run @param {Place} at @returns {Shape[]} */
function gap(run, at) {
  const [from, to] = [at.x(run.from), at.x(run.to)];
  const text = gapText(run.kind);
  const need = widthOf(text, at.k) + 12 * at.k;
  const middle = (from + to) / 2;
  const shapes = [{ spec: `rect.gap.${run.kind}`, at: { x: from, y: at.top, width: Math.max(1, short(to - from)), height: at.high } }];
  if (to - from < need) return shapes;
  return [
    ...shapes,
    { spec: 'rect.paper', at: { x: short(middle - need / 2), y: at.top + at.high / 2 - 11 * at.k, width: short(need), height: 20 * at.k } },
    { spec: 'text.axis', at: { x: short(middle), y: at.top + at.high / 2 + 3 * at.k, 'text-anchor': 'middle' }, text },
  ];
}

/** All bars of a kind are one path, however many there are. @param {Cell[]} cells @param {Place} at @returns {Shape[]} */
function bars(cells, at) {
  const wide = Math.min(WIDEST, at.room - (at.room >= 12 ? 2 : 1));
  const paths = { whole: '', part: '' };
  cells.forEach(({ kind, views }, index) => {
    if (views && (kind === 'whole' || kind === 'part')) {
      paths[kind] += `M${short(at.left + index * at.room + (at.room - wide) / 2)} ${at.bottom}V${at.y(views)}h${short(wide)}V${at.bottom}Z`;
    }
  });
  return [
    { spec: 'path.bar', at: { d: paths.whole } },
    { spec: 'path.part', at: { d: paths.part } },
  ].filter((each) => each.at.d);
}

/**
 * Stepped by hour, straight by day and more; what is known in part is dashed, and there is no leg over a gap.
 * @param {Cell[]} cells @param {Place} at @returns {Shape[]}
 */
function line(cells, at) {
  const stepped = at.unit === 'hour';
  const [solid, dashed, area] = [pen(), pen(), pen()];
  cells.forEach((cell, index) => {
    if (cell.views === null) return;
    const near = cells[index - 1];
    const [x, y] = [at.x(index + (stepped ? 0 : 0.5)), at.y(cell.views)];
    const sure = cell.kind === 'whole' && (!near || near.views === null || near.kind === 'whole' || stepped);
    const used = sure ? solid : dashed;
    if (near && near.views !== null) used.leg(at.x(index - (stepped ? 0 : 0.5)), at.y(near.views), x, y);
    else used.leg(x, y, x, y);
    if (stepped) used.leg(x, y, at.x(index + 1), y);
    if (!sure) return;
    const from = stepped || !near || near.views === null ? x : at.x(index - 0.5);
    const start = stepped || !near || near.views === null ? y : at.y(near.views);
    area.over(from, start, stepped ? at.x(index + 1) : x, y, at.bottom);
  });
  return [
    { spec: 'path.area', at: { d: area.close(at.bottom) } },
    { spec: 'path.curve', at: { d: solid.d() } },
    { spec: 'path.curve.later', at: { d: dashed.d() } },
  ].filter((each) => each.at.d);
}

/** The range before: what of it is whole. @param {(number | null)[]} past @param {Place} at @returns {Shape[]} */
function was(past, at) {
  const stepped = at.bars || at.unit === 'hour';
  const drawn = pen();
  past.forEach((views, index) => {
    if (views === null) return;
    const near = index ? past[index - 1] : null;
    const [x, y] = [at.x(index + (stepped ? 0 : 0.5)), at.y(views)];
    if (near !== null) drawn.leg(at.x(index - (stepped ? 0 : 0.5)), at.y(near), x, y);
    if (stepped) drawn.leg(x, y, at.x(index + 1), y);
  });
  const d = drawn.d();
  return d ? [{ spec: 'path.was-halo', at: { d } }, { spec: 'path.was', at: { d } }] : [];
}

/** @param {Cell[]} cells @param {Place} at @returns {Shape[]} */
function peak(cells, at) {
  let top = -1;
  cells.forEach(({ views }, index) => {
    if (views && (top < 0 || views > (cells[top].views ?? 0))) top = index;
  });
  if (top < 0 || cells.length < 3) return [];
  const { from, to, views } = cells[top];
  const text = int(views ?? 0) + (at.width > 520 * at.k ? `  ${bucket(from, to, at.unit, at.tz)}` : '');
  // Bold text is wider.
  const half = widthOf(text, at.k * 1.12) / 2;
  const x = Math.min(at.width - half - 2, Math.max(at.left + half, at.x(top + 0.5)));
  return [{ spec: 'text.peak', at: { x: short(x), y: at.y(views ?? 0) - 7, 'text-anchor': 'middle' }, text }];
}

/** Legs that meet become one path. */
function pen() {
  /** @type {string[]} */
  const parts = [];
  let [atX, atY, open] = [NaN, NaN, false];
  return {
    /** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
    leg(x1, y1, x2, y2) {
      if (x1 !== atX || y1 !== atY) parts.push(`M${x1} ${y1}`);
      parts.push(x1 === x2 && y1 === y2 ? 'h0' : `L${x2} ${y2}`);
      [atX, atY] = [x2, y2];
    },
    /** What is below a leg. @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {number} bottom */
    over(x1, y1, x2, y2, bottom) {
      if (x1 !== atX) parts.push(`${open ? `V${bottom}Z` : ''}M${x1} ${bottom}V${y1}`);
      else if (y1 !== atY) parts.push(`V${y1}`);
      parts.push(`L${x2} ${y2}`);
      [atX, atY, open] = [x2, y2, true];
    },
    /** @param {number} bottom */
    close: (bottom) => parts.join('') + (open ? `V${bottom}Z` : ''),
    d: () => parts.join(''),
  };
}
