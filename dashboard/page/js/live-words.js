// What the last half hour says, and what has come since. Pure.

import { clock, int, plural, second } from './say.js';

/**
 * GET /stats/live and the event `live`.
 * @typedef {object} Live
 * @property {string} since
 * @property {string} until
 * @property {(number | null)[]} minutes views of 30 minutes, the last of them under way; null: not known
 * @property {number | null} views null: not known
 * @property {{ at: string, page: string, views: number }[]} latest
 * @property {'following' | 'catching-up' | 'stands-still' | 'unknown'} state
 * @property {string | null} stands_still_since
 * @property {string[]} notes
 */

const MINUTE_MS = 60_000;

/** The number of the last minute, of all there ever were. @param {Live} live */
export const lastMinute = (live) => Math.floor(Date.parse(live.until) / MINUTE_MS);

/**
 * How many views have come between two answers to the same question, late ones too.
 * @param {Live} before
 * @param {Live} now
 * @returns {number}
 */
export function arrived(before, now) {
  const moved = lastMinute(now) - lastMinute(before);
  let sum = 0;
  now.minutes.forEach((views, i) => {
    sum += Math.max(0, (views ?? 0) - (before.minutes[i + moved] ?? 0));
  });
  return sum;
}

/**
 * The state in a word for the head of the panel, nothing where all is heard.
 * @param {Live | null} live
 * @param {boolean} lost nobody answers
 */
export function head(live, lost) {
  if (lost || live?.state === 'stands-still') return 'stands still';
  if (live?.state === 'unknown') return 'not known';
  return live?.state === 'catching-up' ? 'catching up' : '';
}

/**
 * What is wrong, in a sentence; nothing where nothing is.
 * @param {Live | null} live
 * @param {boolean} lost
 */
export function trouble(live, lost) {
  if (lost) return 'No new views can be shown until there is an answer.';
  if (live?.state === 'unknown') return 'The log cannot be reached from here: what comes in is not known.';
  if (live?.state !== 'stands-still') return '';
  const since = live.stands_still_since ? ` since ${second(Date.parse(live.stands_still_since), 'UTC')} UTC` : '';
  return `The log does not answer${since}. What is shown is as it was then.`;
}

/** Heard at most once a minute. @param {Live} live */
export const heard = (live) => `${plural(live.minutes.at(-2) ?? 0, 'view')} in the last minute`;

/**
 * What stands where no page is listed.
 * @param {Live} live
 * @param {string} tz
 */
export function nothing(live, tz) {
  if (live.state === 'catching-up') return 'Reading the last 30 minutes.';
  if (!live.views) return 'No view in the last 30 minutes.';
  const minute = live.minutes.findLastIndex((views) => views);
  const at = (lastMinute(live) - live.minutes.length + 1 + minute) * MINUTE_MS;
  return `Pages are not counted by source. The last of these views came at ${clock(at, tz)}.`;
}

/**
 * How many there were, and of what: no nought of what is not known.
 * @param {Live} live
 * @returns {[string, string]}
 */
export function total(live) {
  const reading = live.state === 'catching-up';
  const known = live.views || !reading;
  return [known && live.views !== null ? int(live.views) : '–', `${live.views === 1 ? 'view' : 'views'} in the last 30 minutes${reading ? ' so far' : ''}`];
}

/** @param {number} views */
export const paused = (views) => `Paused, ${plural(views, 'view')} since`;

/** On a phone, folded. @param {Live} live */
export const gist = (live) => `${total(live)[0]} in 30 minutes`;
