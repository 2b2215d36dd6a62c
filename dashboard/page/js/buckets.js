// What is known of each bucket, and its words. Pure. Moments are milliseconds since 1970.

import { bucket as named, int, plural } from './say.js';

/**
 * `whole`: all of it is counted and kept; `part`: may grow, or only a part of it was asked for or is kept; the others
 * have no number: `gone` is no longer kept, `later` not counted yet, `ahead` has not begun.
 * @typedef {'whole' | 'part' | 'gone' | 'later' | 'ahead'} Kind
 */

/**
 * @typedef {object} Cell
 * @property {number} from
 * @property {number} to
 * @property {number} local when it begins by the clocks of its zone, as if that were UTC; of days and longer at most
 *   an hour after their beginning, since days of some zones are cut at the whole hour before
 * @property {number | null} views null: not known
 * @property {Kind} kind
 * @property {string} state whether it is complete, in words
 */

const HOUR = 3_600_000;
const GAPS = { gone: 'no longer kept', later: 'not counted yet', ahead: 'still to come' };

/** What is written in a gap. @param {Kind} kind @returns {string} '' where there is none */
export const gapText = (kind) => GAPS[/** @type {keyof typeof GAPS} */ (kind)] ?? '';

/**
 * @param {import('./types.js').Bucket[]} buckets
 * @param {{ unit: string, complete: number | null, now: number }} how `complete`: up to when all is counted
 * @returns {Cell[]}
 */
export function cellsOf(buckets, { unit, complete, now }) {
  const kept = buckets.findIndex((each) => !each.cut?.includes('horizon'));
  const gone = kept < 0 ? buckets.length : kept;
  return buckets.map((each, at) => {
    const from = Date.parse(each.from);
    // Of those before the horizon only the last can have a part that is kept.
    const kind = at < gone && (unit === 'hour' || at < gone - 1 || !each.views) ? 'gone' : kindOf(each, from, complete, now);
    const known = kind === 'whole' || kind === 'part';
    return {
      from,
      to: Date.parse(each.to),
      local: Date.parse(`${each.from.slice(0, 19)}Z`) + (unit === 'hour' ? 0 : HOUR - 1),
      views: known ? each.views : null,
      kind,
      state: gapText(kind) || stateOf(each, unit),
    };
  });
}

/** @param {import('./types.js').Bucket} each @param {number} from @param {number | null} complete @param {number} now @returns {Kind} */
function kindOf(each, from, complete, now) {
  if (each.complete) return each.cut?.length ? 'part' : 'whole';
  if (each.views || (complete !== null && from < complete)) return 'part';
  return from > now ? 'ahead' : 'later';
}

/** @param {import('./types.js').Bucket} each @param {string} unit */
function stateOf(each, unit) {
  if (each.cut?.includes('horizon')) return 'its beginning is no longer kept';
  if (!each.complete) return 'not yet';
  return each.cut?.length ? `only a part of the ${unit} was asked for` : 'yes';
}

/**
 * Neighbours of one kind, `whole` and `part` being one.
 * @param {Cell[]} cells
 * @returns {{ kind: Kind, from: number, to: number }[]} indices, `to` is exclusive
 */
export function runsOf(cells) {
  /** @type {{ kind: Kind, from: number, to: number }[]} */
  const runs = [];
  cells.forEach((cell, at) => {
    const kind = cell.kind === 'part' ? 'whole' : cell.kind;
    const last = runs[runs.length - 1];
    if (last?.kind === kind) last.to = at + 1;
    else runs.push({ kind, from: at, to: at + 1 });
  });
  return runs;
}

/**
 * A bucket as what it is, its number and what else is to be known of it.
 * @param {Cell} cell
 * @param {Cell | undefined} before
 * @param {string} unit
 * @param {string} tz
 * @returns {[string, string, string]}
 */
export function wordsOf(cell, before, unit, tz) {
  const when = `${named(cell.from, cell.to, unit, tz)}: `;
  const past = before && before.views !== null ? `, ${int(before.views)} before` : '';
  if (cell.views === null) return [when, cell.state, past];
  const [soFar, note] = { yes: ['', ''], 'not yet': [' so far', ''] }[cell.state] ?? ['', `, ${cell.state}`];
  return [when, plural(cell.views, 'view') + soFar, past + note];
}

/**
 * Several in a row, as one.
 * @param {Cell[]} marked at least one
 * @param {string} unit
 * @param {string} tz
 * @returns {[string, string, string]}
 */
export function sumOf(marked, unit, tz) {
  const [first, last] = [marked[0], marked[marked.length - 1]];
  const views = marked.reduce((sum, each) => sum + (each.views ?? 0), 0);
  const unknown = marked.filter((each) => each.views === null).length;
  const text = marked.length === 1 ? named(first.from, first.to, unit, tz) : `${plural(marked.length, unit)} from ${named(first.from, first.to, unit, tz)} to ${named(last.from, last.to, unit, tz)}`;
  return [`${text}: `, plural(views, 'view'), unknown ? `, ${int(unknown)} not known` : ''];
}
