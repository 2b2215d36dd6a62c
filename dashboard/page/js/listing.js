// What lists ask, and how their answers are read. Pure.

import { parametersOf } from './address.js';
import { spoken } from './names.js';
import { part, share } from './say.js';

/**
 * @typedef {import('./types.js').View} View
 * @typedef {{ views: number, before?: number, change: number | null }} Counted
 * @typedef {{ hours: number, of_hours: number }} ComparedRows
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Of one answer. */
export const MOST_ROWS = 1_000;
const MOST_PARTS = 100;
const PARTS = /** @type {Record<string, number>} */ ({ '24h': 24, today: 24, '7d': 7, '30d': 30, '12mo': 52, all: 52 });

/** What every list is of: the hours of the view, whose views, against which time. @type {readonly (keyof View)[]} */
export const HOURS = ['period', 'from', 'to', 'unit', 'tz', 'agent'];

/** @param {View} view @param {readonly (keyof View)[]} names @param {Record<string, string | number>} [more] */
export const listed = (view, names, more) => parametersOf(view, [...names, ...HOURS], { compare: view.compare || 'previous', ...more });

/** What stands before the first slash: all of a name without any. @param {string} page */
export const siteOf = (page) => page.split('/', 1)[0];

/** The one thing that counts, by what cannot be asked together with it. */
export const only = {
  /** @param {string} page @returns {Partial<View>} */
  page: (page) => ({ page, prefix: '', site: '', source: null }),
  /** The site of names that begin with a slash is asked for by that. @param {string} site @returns {Partial<View>} */
  site: (site) => (site ? { site, page: '', prefix: '' } : { site, page: '', prefix: '/' }),
  /**
   * Sources are known by site: where a page was chosen, that of its site.
   * @param {string} source @param {View} view @returns {Partial<View>}
   */
  source: (source, view) => ({ source, site: sourcesOf(view) ?? '', page: '', prefix: '' }),
};

/** The site that sources can be asked of; null: all. @param {View} view @returns {string | null} */
export function sourcesOf(view) {
  if (view.site) return view.site;
  const named = view.page || view.prefix;
  return named && (view.page || named.includes('/')) ? siteOf(named) : null;
}

/**
 * A row's views in the hours that can be compared, now and before; null where too few can.
 * @param {Counted} row
 * @param {ComparedRows | undefined} compare
 * @returns {[number, number] | null}
 */
export function comparedOf(row, compare) {
  if (!compare || row.before === undefined || tooLittle(compare)) return null;
  // Views of the row are of all hours, the open one too.
  return row.before ? [Math.round(row.before * (1 + (row.change ?? 0))), row.before] : [row.views, 0];
}

/** Whether fewer than half of the hours can be compared. @param {{ hours: number, of_hours: number }} compare */
export const tooLittle = ({ hours, of_hours }) => !hours || hours * 2 < of_hours;

/**
 * Of how many numbers the outline of a row is: hours up to two days, days up to 60, else weeks.
 * @param {View} view
 * @param {number} now
 * @returns {number}
 */
export function partsOf(view, now) {
  if (view.period === 'month') return Number(part(now, view.tz || 'UTC', { day: 'numeric' }));
  if (!view.from) return PARTS[view.period || '7d'] ?? 7;
  const length = (view.to ? Date.parse(view.to) : now) - Date.parse(view.from);
  const each = [HOUR, DAY, 7 * DAY][length <= 2 * DAY ? 0 : length <= 60 * DAY ? 1 : 2];
  return Math.min(MOST_PARTS, Math.max(1, Math.round(length / each) || 1));
}

/**
 * How many of these parts are over and counted: the rest would look like a fall.
 * @param {readonly string[] | undefined} edges moments between which the parts are
 * @param {string | null} complete up to when all is counted; null: not known
 * @param {number} now
 * @returns {number}
 */
export function partsOver(edges, complete, now) {
  const until = complete === null ? now : Date.parse(complete);
  return (edges ?? []).slice(1).filter((edge) => Date.parse(edge) <= until).length;
}

/** The first of a list, as what it comes to: "search.example 24.8 %". @param {string} name @param {number} views @param {number} total */
export const gistOf = (name, views, total) => `${spoken(name)} ${share(views, total)}`;

/**
 * Where a table of the same question can be had.
 * @param {string} path
 * @param {URLSearchParams} parameters
 * @param {number} [limit]
 * @returns {string}
 */
export function tableOf(path, parameters, limit = MOST_ROWS) {
  const asked = new URLSearchParams(parameters);
  asked.delete('trend');
  asked.set('limit', String(limit));
  asked.set('format', 'csv');
  return `${path}?${asked}`;
}
