// What stands in the sheet below the trust strip, from what the service tells this reader. Pure.

import { compares, inOrder } from './reasons.js';
import { clock, date, duration, int, plural } from './say.js';

/** @typedef {{ title: string, rows: [string, string][] }} Group */

const LATE_SECONDS = 30;

/** Refusals by the last part of the `type` of their answers. */
const REFUSED = /** @type {Record<string, string>} */ ({
  'undeclared-site': 'Site not declared',
  'past-horizon': 'Older than is kept',
  invalid: 'Not readable',
  'too-large': 'Too large',
  overloaded: 'Too much at once',
  unconfirmed: 'Not confirmed in time',
  unauthorized: 'Without a key',
  forbidden: 'Key without the right',
  'too-many-requests': 'Asked too often',
});
const ASIDE = /** @type {Record<string, string>} */ ({ bytes: 'undecodable', clock: 'wrong clock', log: 'what came before', database: 'no room in the database' });

/** 21 Oct 2025 14:00 UTC @param {number} at */
export const when = (at) => `${date(at, 'UTC')} ${clock(at, 'UTC')} UTC`;

/**
 * Groups of names and values; what this reader is not told is left out.
 * @param {{ state: any, behind: number | null, now: number }} known
 * @returns {Group[]}
 */
export function proofOf(known) {
  const { state } = known;
  return /** @type {Group[]} */ ([counted(known), refused(state), keptOf(state), audited(known)].filter((group) => group?.rows.length));
}

/** @param {{ state: any, behind: number | null }} known @returns {Group} */
function counted({ state, behind }) {
  /** @type {[string, string][]} */
  const rows = [];
  const all = /** @type {any[]} */ (state.partitions ?? []);
  if (all.length) {
    const well = all.filter((each) => !each.stopped && !each.reason && each.lag_seconds !== null && each.lag_seconds <= LATE_SECONDS);
    rows.push(['Partitions caught up', `${well.length} of ${all.length}`]);
    const last = all.reduce((worst, each) => ((each.lag_seconds ?? Infinity) > (worst.lag_seconds ?? Infinity) ? each : worst));
    rows.push(['Furthest behind', `no. ${last.partition}, ${last.lag_seconds === null ? 'not known' : duration(last.lag_seconds * 1_000)}`]);
  }
  if (behind !== null) rows.push(['Waiting', plural(behind, 'batch', 'batches')]);
  return { title: 'Counted', rows: [...rows, ...aside(state.dead_letters)] };
}

/** @param {any} letters @returns {[string, string][]} */
export function aside(letters) {
  if (!letters) return [];
  const kinds = Object.entries(letters.by_reason).map(([reason, count]) => `${ASIDE[reason] ?? reason} ${int(Number(count))}`);
  return [['Set aside', letters.letters ? `${int(letters.letters)}${kinds.length ? ` (${kinds.join(', ')})` : ''}` : '0']];
}

/** @param {any} state @returns {Group | null} */
function refused({ refused: found, ...state }) {
  if (!('dead_letters' in state)) return null;
  if (!found) return { title: 'Refused', rows: [['Told by ingest', 'GET /metrics']] };
  const rows = /** @type {[string, string][]} */ (Object.entries(found.by_reason).map(([reason, count]) => [REFUSED[reason] ?? reason.replaceAll('-', ' '), int(Number(count))]));
  return { title: `Refused since ${when(Date.parse(found.since))}`, rows: rows.length ? rows : [['Requests', '0']] };
}

/** @param {any} state @returns {Group} */
export function keptOf({ horizon, retention_days: days }) {
  /** @type {[string, string][]} */
  const rows = [['Oldest hour', horizon ? when(Date.parse(horizon)) : 'the first that was counted']];
  if (days !== undefined) rows.push(['Rule', days === null ? 'all is kept' : plural(days, 'day')]);
  return { title: 'Kept', rows };
}

/** @param {{ state: any, now: number }} known @returns {Group | null} */
function audited({ state, now }) {
  const found = inOrder(state.audits ?? []);
  const rows = found.map(({ kind, at, difference }) => {
    const moment = Date.parse(at);
    const text = date(moment, 'UTC') === date(now, 'UTC') ? `${clock(moment, 'UTC')} UTC` : when(moment);
    return /** @type {[string, string]} */ ([compares(kind), `${text}: ${difference ? int(difference) : 'no difference'}`]);
  });
  return state.audits ? { title: 'Audited every hour', rows: rows.length ? rows : [['Last', 'not yet']] } : null;
}
