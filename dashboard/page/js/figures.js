// What the four numbers say. Pure: from answers to texts.

import { bucket, change, clock, date, int, offset, share } from './say.js';

/**
 * @typedef {import('./types.js').Series} Series
 * @typedef {import('./types.js').View} View
 * @typedef {import('./types.js').Bucket} Bucket
 * @typedef {{ text: string, note: string, mark?: string, words?: string }} Said a number, what is beneath it, and words to hear in its place
 */

const NOTHING = '–';

/**
 * The views of the range, and how much they can be relied on: a part never looks like the whole.
 * @param {Series} series
 * @param {{ now: number, all?: { total: number, words: string } | null, horizon?: string | null }} beside
 * @returns {Said}
 */
export function viewsSaid(series, { now, all, horizon }) {
  const said = (/** @type {string} */ note) => ({ text: int(series.total), note });
  if (all && !all.total) return said('no view at all in this range');
  if (all) return said(all.total < series.total ? `part of ${all.words}` : `${share(series.total, all.total)} of ${all.words}`);
  if (series.buckets.some((each) => each.cut?.includes('horizon'))) return said(fromHorizon(horizon, series.question.tz));
  const open = series.buckets.filter((each) => !each.complete);
  if (open.some((each) => Date.parse(each.to) <= now)) return said('will grow: not all is counted yet');
  const { unit } = series.question;
  if (open.length > 1) return said(`the last ${open.length} ${unit}s are not over`);
  return said(open.length ? `the last ${unit} is not over` : `every ${unit} is over`);
}

/** @param {string | null | undefined} horizon @param {string} tz */
function fromHorizon(horizon, tz) {
  if (!horizon) return 'without the hours that are no longer kept';
  const at = Date.parse(horizon);
  return `counted from ${date(at, tz)} ${clock(at, tz)} ${tz === 'UTC' ? tz : offset(at, tz)} on`;
}

/**
 * The change against the range before, over whole hours; none where fewer than half of them can be compared.
 * @param {Series} series
 * @returns {Said}
 */
export function changeSaid(series) {
  const found = series.compare;
  if (!found) return { text: NOTHING, note: 'not compared' };
  if (!found.of_hours) return { text: NOTHING, note: 'no hour of it is over' };
  if (!found.hours) return { text: NOTHING, note: whyNone(series) };
  if (found.hours * 2 < found.of_hours) {
    return { text: NOTHING, note: `only ${int(found.hours)} of ${int(found.of_hours)} hours can be compared` };
  }
  if (!found.before) return { text: NOTHING, note: 'nothing before to compare with' };
  const { mark, text, words } = change(found.views, found.before);
  const all = found.hours === found.of_hours;
  return { mark, text, words, note: `${int(found.before)} before${all ? ', whole hours only' : `, in ${int(found.hours)} of ${int(found.of_hours)} hours`}` };
}

/** @param {Series} series */
function whyNone(series) {
  const until = series.complete_until;
  if (!until || Date.parse(until) < Date.parse(series.question.from) + 3_600_000) return 'not counted yet';
  return 'the time before is no longer kept';
}

/**
 * The hour that is not over.
 * @param {Bucket | null | undefined} hour
 * @param {string | null} completeUntil
 * @param {string} tz
 * @returns {Said}
 */
export function hourSaid(hour, completeUntil, tz) {
  if (!hour || !completeUntil || Date.parse(completeUntil) < Date.parse(hour.from)) return { text: NOTHING, note: 'not counted yet' };
  return { text: int(hour.views), note: `${clock(Date.parse(hour.from), tz)}–${clock(Date.parse(hour.to), tz)}, not over` };
}

/**
 * @param {Series} series
 * @returns {Said}
 */
export function busiestSaid(series) {
  const best = series.busiest;
  if (!best || !best.views) return { text: NOTHING, note: 'no views in this range' };
  const { unit, tz } = series.question;
  return { text: int(best.views), note: bucket(Date.parse(best.from), Date.parse(best.to), unit, tz) };
}

/**
 * Where the open hour stands in a series by hour that ends with the present; null elsewhere.
 * @param {Series} series
 * @param {number} now
 * @returns {Bucket | null}
 */
export function openHour(series, now) {
  if (series.question.unit !== 'hour') return null;
  return series.buckets.findLast((each) => Date.parse(each.from) <= now && now < Date.parse(each.to)) ?? null;
}

/**
 * What a view is a part of, and the question that counts all of it: null where it is of everything.
 * @param {View} view
 * @returns {{ words: string, changes: Partial<View> } | null}
 */
export function wholeOf(view) {
  if (view.agent && view.agent !== 'all') return { words: view.agent === 'unknown' ? 'everybody' : 'people and robots', changes: { agent: '' } };
  const part = view.page || view.prefix || view.site || view.source !== null;
  return part ? { words: 'all sites', changes: { page: '', prefix: '', site: '', source: null } } : null;
}
