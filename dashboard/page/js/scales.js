// Where lines and labels of a chart stand. Pure: `k` is the size of text, 1 where a rem is 16 px.

import { clock, part } from './say.js';

/**
 * @typedef {object} Tick
 * @property {number} at index of the bucket
 * @property {string} text
 * @property {boolean} strong the beginning of a day among hours
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const [CHARACTER, ENDS] = [6.6, 5];
const STEPS = [1, 2, 2.5, 5, 10];
/** px at least between two labels; more between hours, of which nobody needs many. */
const [BETWEEN, BETWEEN_HOURS] = [9, 44];

/**
 * Whole numbers from zero to at most `most`, in equal steps: two to five of them; zero alone where there is nothing.
 * @param {number} most a whole number
 * @returns {number[]}
 */
export function yTicks(most) {
  if (most < 1) return [0];
  const least = most / 4.6;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = Math.max(1, STEPS.map((each) => each * power).find((each) => each >= least && each % 1 === 0) ?? 1);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => at * step);
}

/**
 * How wide a text of 12 px is, about and rather too wide: nothing is measured.
 * @param {string} text
 * @param {number} k
 */
export const widthOf = (text, k) => (text.length * CHARACTER + ENDS) * k;

/** @param {number} months @returns {(ms: number) => number} */
const monthly = (months) => (ms) => {
  const date = new Date(ms);
  return Math.floor((date.getUTCFullYear() * 12 + date.getUTCMonth()) / months);
};
/** @param {number} each @returns {(ms: number) => number} */
const steadily = (each) => (ms) => Math.floor(ms / each);

/** @param {number} ms */
const dayText = (ms) => part(ms, 'UTC', { weekday: 'short', day: 'numeric' });
/** @param {number} ms */
const weekdayText = (ms) => part(ms, 'UTC', { weekday: 'short' });
/** @param {number} ms */
const dateText = (ms) => part(ms, 'UTC', { day: 'numeric', month: 'short' });
/** @param {number} ms */
const yearText = (ms) => part(ms, 'UTC', { year: 'numeric' });
/** @param {number} ms */
const monthText = (ms) => part(ms, 'UTC', { month: 'short' }) + (new Date(ms).getUTCMonth() ? '' : ` ${yearText(ms)}`);
/** @param {number} ms */
const clockText = (ms) => clock(ms, 'UTC');

/**
 * What may be labelled, from each hour to each century: how long it is about, which one a moment is in, its words.
 * @type {[number, (ms: number) => number, (ms: number) => string][]}
 */
const LEVELS = [
  ...[1, 3, 6, 12].map((hours) => /** @type {[number, any, any]} */ ([hours * HOUR, steadily(hours * HOUR), clockText])),
  [DAY, steadily(DAY), dayText],
  [DAY, steadily(DAY), weekdayText],
  // The first day of 1970 was a Thursday, weeks begin on Mondays.
  [7 * DAY, (ms) => Math.floor((ms + 3 * DAY) / (7 * DAY)), dateText],
  ...[1, 3].map((months) => /** @type {[number, any, any]} */ ([months * 30 * DAY, monthly(months), monthText])),
  ...[1, 5, 25, 100].map((years) => /** @type {[number, any, any]} */ ([years * 365 * DAY, monthly(years * 12), yearText])),
];
const FINEST = /** @type {Record<string, number>} */ ({ hour: 0, day: 4, week: 6, month: 7 });
const [LAST_HOURS, WEEKDAYS] = [3, 5];

/**
 * The finest labels of which none touches another, each at the first bucket of what it names.
 * @param {number[]} locals when each bucket begins by the clocks of its zone, in ms as if that were UTC
 * @param {string} unit
 * @param {number} width px of all buckets together
 * @param {number} k
 * @returns {Tick[]}
 */
export function xTicks(locals, unit, width, k) {
  if (!locals.length) return [];
  const finest = FINEST[unit] ?? 0;
  const span = locals[locals.length - 1] - locals[0];
  for (let level = finest; level < LEVELS.length; level++) {
    const hopeless = (span / LEVELS[level][0]) * CHARACTER * 3 * k > width;
    if (hopeless || (level === WEEKDAYS && span > 8 * DAY)) continue;
    const found = ticksOf(locals, level, unit);
    const ends = found.map((tick) => endsOf(tick, unit, width, locals.length, k));
    const between = (level <= LAST_HOURS ? BETWEEN_HOURS : BETWEEN) * k;
    const free = (/** @type {number} */ at) => !at || ends[at][0] - ends[at - 1][1] >= between;
    // One that the end of the chart pushes against its neighbour is left out, and the others stay.
    const pushed = (/** @type {number} */ at) => at === ends.length - 1 && ends[at][1] >= width - 0.001;
    if (ends.every((_, at) => free(at) || pushed(at))) return found.filter((_, at) => free(at) && ends[at][1] <= width);
  }
  return [];
}

/**
 * Where a label begins and ends. A day among hours stands right of where it begins, all others below what they name;
 * left of that where the chart ends.
 * @param {Tick} tick
 * @param {string} unit
 * @param {number} width px of all buckets together
 * @param {number} count of buckets
 * @param {number} k
 * @returns {[number, number]}
 */
export function endsOf(tick, unit, width, count, k) {
  const x = ((tick.at + (unit === 'hour' ? 0 : 0.5)) * width) / count;
  const wide = widthOf(tick.text, k);
  const last = width - wide;
  const left = tick.strong ? Math.max(x - wide / 2, Math.min(x + 4, last)) : Math.min(x - wide / 2, last);
  return [left, left + wide];
}

/** @param {number[]} locals @param {number} level @param {string} unit @returns {Tick[]} */
function ticksOf(locals, level, unit) {
  const [, which, words] = LEVELS[level];
  const hours = level <= LAST_HOURS;
  // Each bucket has one, the first too.
  const own = level === FINEST[unit] || (unit === 'day' && level === WEEKDAYS);
  /** @type {Tick[]} */
  const found = [];
  let before = own ? -Infinity : which(locals[0] - (hours ? 1 : 3_600_000));
  let day = Math.floor((locals[0] - 1) / DAY);
  locals.forEach((local, at) => {
    // Clocks may be put back: what has begun does not begin again.
    if (which(local) <= before) return;
    before = which(local);
    const strong = hours && Math.floor(local / DAY) > day;
    day = Math.floor(local / DAY);
    found.push({ at, text: (strong ? dayText : words)(local), strong: strong || (unit === 'hour' && !hours && level <= WEEKDAYS) });
  });
  return found;
}
