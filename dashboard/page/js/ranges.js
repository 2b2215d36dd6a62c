// Ranges in words, and the ranges beside them. Pure: moments are milliseconds since 1970, `now` is given.

import { clock, date, day, moment, part } from './say.js';

/**
 * @typedef {import('./types.js').View} View
 * @typedef {import('./types.js').Question} Question
 */

const DAY = 86_400_000;

/** The ranges of the bar, and how they are called there. */
export const SHORT = /** @type {Record<string, string>} */ ({ '24h': '24 h', '7d': '7 d', '30d': '30 d', '12mo': '12 mo', all: 'All' });

const LONG = /** @type {Record<string, string>} */ ({
  '24h': 'last 24 hours', '7d': 'last 7 days', '30d': 'last 30 days', '12mo': 'last 12 months', all: 'all that is kept', today: 'today', month: 'this month',
});
const BEFORE = /** @type {Record<string, string>} */ ({
  '24h': 'the 24 hours before', '7d': 'the 7 days before', '30d': 'the 30 days before', '12mo': 'the 12 months before', today: 'the day before',
});
const WHO = /** @type {Record<string, string>} */ ({ person: 'people only', robot: 'robots only', unknown: 'without a user agent' });

/** Whose views, in words. @param {string} agent */
export const who = (agent) => WHO[agent] ?? 'people and robots';

/**
 * The period of a view by its name in the API; '' where its range is written out.
 * @param {View} view
 */
export const periodOf = (view) => view.period || (view.from || view.to ? '' : '7d');

/** A period as part of a heading. @param {string} period */
export const long = (period) => LONG[period] ?? period;

/**
 * The range that `compare=previous` is of, in words.
 * @param {View} view
 */
export const before = (view) => BEFORE[periodOf(view)] ?? 'the time before';

/**
 * A range as the end of a heading: "last 7 days", or its dates.
 * @param {View} view
 * @param {Question} [question] as it was understood, where that is known
 */
export function title(view, question) {
  const period = periodOf(view);
  if (period) return long(period);
  if (!question) return [view.from, view.to || 'now'].filter(Boolean).join(' to ');
  const [from, to] = ends(question);
  if (!wholeDays(question)) return `${momentWithYear(from, question.tz)} to ${momentWithYear(to, question.tz)}`;
  const [first, last] = [date(from, question.tz), date(to - 1, question.tz)];
  return first === last ? first : `${first} to ${last}`;
}

/**
 * A range as it was understood, with weekdays; the year where it is not this one.
 * @param {Question} question
 * @param {number} now
 */
export function when(question, now) {
  const { tz } = question;
  const [from, to] = ends(question);
  const year = (/** @type {number} */ at) => part(at, tz, { year: 'numeric' });
  const other = year(from) !== year(now) || year(to - 1) !== year(now);
  const dayOf = (/** @type {number} */ at) => day(at, tz) + (other ? ` ${year(at)}` : '');
  if (!wholeDays(question)) return `${dayOf(from)} ${clock(from, tz)} to ${dayOf(to)} ${clock(to, tz)}`;
  const [first, last] = [dayOf(from), dayOf(to - 1)];
  return first === last ? first : `${first} to ${last}`;
}

/** Whether a range begins and ends with days of its zone. @param {Question} question */
export const wholeDays = (question) => ends(question).every((at) => clock(at, question.tz) === '00:00');

/**
 * As long a range right before (-1) or after (1); null where that would begin after `now`.
 * @param {Question} question
 * @param {-1 | 1} direction
 * @param {number} now
 * @returns {{ from: string, to: string } | null}
 */
export function beside(question, direction, now) {
  const [from, to] = ends(question);
  if (direction > 0 && to > now) return null;
  if (wholeDays(question)) {
    const [first, end] = [isoDay(from, question.tz), isoDay(to, question.tz)];
    const days = direction * Math.round((Date.parse(end) - Date.parse(first)) / DAY);
    return { from: dayAfter(first, days), to: dayAfter(end, days) };
  }
  const by = direction * (to - from);
  return { from: iso(from + by), to: iso(to + by) };
}

/**
 * 2026-11-25 of a moment in a zone.
 * @param {number} at
 * @param {string} tz
 */
export const isoDay = (at, tz) => part(at, tz, { year: 'numeric', month: '2-digit', day: '2-digit' }).split('/').reverse().join('-');

/**
 * The date so many days later.
 * @param {string} text as in 2026-11-25
 * @param {number} [days]
 */
export const dayAfter = (text, days = 1) => new Date(Date.parse(text) + days * DAY).toISOString().slice(0, 10);

/** @param {Question} question @returns {[number, number]} */
const ends = (question) => [Date.parse(question.from), Date.parse(question.to)];
/** @param {number} at */
const iso = (at) => `${new Date(at).toISOString().slice(0, 19)}Z`;
/** @param {number} at @param {string} tz */
const momentWithYear = (at, tz) => `${date(at, tz)} ${moment(at, tz).slice(-5)}`;
