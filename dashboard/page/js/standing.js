// Whether what is on the screen can be believed, in a kind and in words. Pure: no document, no clock.
// What is sure comes first, then why, then what to do; nothing is said that the answer does not say.

import { found, why } from './reasons.js';
import { clock, day, duration, place, plural, second, share } from './say.js';

/**
 * @typedef {'wait' | 'ok' | 'warn' | 'bad'} Kind
 * @typedef {{ kind: Kind, lead: string, facts: string[] }} Standing
 *
 * What is known. Moments are milliseconds since 1970, by the service's clock.
 * @typedef {object} Known
 * @property {any} state the last answer of GET /stats/state, null before the first
 * @property {number} now
 * @property {number} cameAt when that answer came
 * @property {number | null} seen the least `complete_until` of what is on the screen, null: nothing is, or not known
 * @property {number} movedAt when it was last seen that something is counted; when the first answer came, before
 * @property {number | null} behind confirmed batches that wait, null: not known
 * @property {number | null} toGo milliseconds until nothing waits, null: not measured
 * @property {number | null} silentSince since when Footfall does not answer, null: it does
 * @property {boolean} locked who looks may not know it, or not any more
 * @property {number} again seconds until it is asked again
 * @property {boolean} accepts ingest says that it is ready
 * @property {boolean} empty nothing was ever counted
 * @property {string} tz
 */

const SECOND = 1_000;
/** Amber: older than this, or so long without an answer. */
const LATE_MS = 30 * SECOND;
const NO_ANSWER_MS = 15 * SECOND;
/** Red: the database is silent for so long, the moment so old and not moving, no audit for so long. */
const AWAY_MS = 10 * SECOND;
const OLD_MS = 15 * 60 * SECOND;
const STILL_MS = 30 * SECOND;
const AUDIT_MS = 2 * 3_600 * SECOND;
/** So long all has to be in order before it is said. */
export const CALM_MS = 10 * SECOND;

/**
 * @param {Known} known
 * @returns {Standing}
 */
export function standing(known) {
  if (known.locked) return { kind: 'warn', lead: 'Signed out: the key no longer counts here.', facts: [] };
  if (!known.state) return neverKnown(known);
  return unanswered(known) ?? databaseAway(known) ?? stopped(known) ?? differs(known) ?? late(known) ?? unaudited(known) ?? well(known);
}

const RANKS = /** @type {const} */ (['wait', 'ok', 'warn', 'bad']);

/**
 * What is shown when `found` follows on `shown`: worse at once, better only after a while of it.
 * Until then its colour stays, never its words. Pass the result as `shown` the next time.
 * @param {(Standing & { calmSince?: number | null }) | null} shown
 * @param {Standing} found
 * @param {number} now
 * @returns {Standing & { calmSince: number | null }}
 */
export function steady(shown, found, now) {
  const better = shown && RANKS.indexOf(found.kind) < RANKS.indexOf(shown.kind);
  if (!better || shown.kind === 'ok') return { ...found, calmSince: null };
  const calmSince = shown.calmSince ?? now;
  if (now - calmSince >= CALM_MS) return { ...found, calmSince: null };
  const since = second(calmSince, 'UTC');
  const facts = found.kind === 'ok' ? [[...found.facts, `in order since ${since}`].join(' · ')] : [...found.facts, `Better since ${since}.`];
  return { ...found, kind: shown.kind, facts, calmSince };
}

/**
 * 14:37:05 UTC; with the day where it is another one, with the zone's time where that is not UTC.
 * @param {number} at
 * @param {Known} known
 */
function until(at, { now, tz }) {
  const text = (/** @type {string} */ zone) => (day(at, zone) === day(now, zone) ? '' : `${day(at, zone)} `) + second(at, zone);
  return `${text('UTC')} UTC${tz === 'UTC' ? '' : ` (${text(tz)} in ${place(tz)})`}`;
}

/** @param {Known} known */
const lead = (known) => {
  const at = leastMoment(known);
  return at === null ? 'Not known up to when all is counted' : `Complete until ${until(at, known)}`;
};

/**
 * Up to when what is on the screen is complete; null where that is not known.
 * @param {Pick<Known, 'state' | 'seen'>} known
 */
export function leastMoment({ state, seen }) {
  const told = state?.complete_until ? Date.parse(state.complete_until) : null;
  return seen !== null && (told === null || seen < told) ? seen : told;
}

/** How long ago the moment of the answer is by now; null: not known. @param {Known} known */
const lag = ({ state, now, cameAt }) => (state.lag_seconds === null ? null : state.lag_seconds * SECOND + Math.max(0, now - cameAt));

/** @param {Known} known @returns {Standing} */
function neverKnown(known) {
  const { silentSince, now, again } = known;
  if (silentSince === null || now - silentSince < NO_ANSWER_MS) return { kind: 'wait', lead: 'Asking how complete this is', facts: [] };
  return { kind: 'warn', lead: 'Footfall does not answer.', facts: [asking(again)] };
}

/** @param {number} seconds */
const asking = (seconds) => (seconds > 0 ? `Asking again in ${seconds} s.` : 'Asking again.');

/** @param {Known} known @returns {Standing | null} */
function unanswered(known) {
  if (known.silentSince === null || known.now - known.silentSince < NO_ANSWER_MS) return null;
  const since = second(known.silentSince, 'UTC');
  return { kind: 'warn', lead: `${lead(known)}: Footfall has not answered since ${since}.`, facts: ['What you see is the last answer.', asking(known.again)] };
}

/** @param {Known} known @returns {Standing | null} */
function databaseAway(known) {
  const { answers, since } = known.state.database;
  if (answers || (since && known.now - Date.parse(since) < AWAY_MS)) return null;
  const when = since ? `has not answered since ${second(Date.parse(since), 'UTC')}` : 'does not answer';
  const accepted = known.accepts && 'Views are still accepted and will be counted.';
  return { kind: 'bad', lead: `${lead(known)}: the database ${when}.`, facts: told('What you see is the last answer.', accepted, asking(known.again)) };
}

/** @param {...(string | false)} facts */
const told = (...facts) => /** @type {string[]} */ (facts.filter(Boolean));

/** @param {Known} known @returns {any[]} */
const partitions = ({ state }) => state.partitions ?? [];

/** @param {Known} known @returns {Standing | null} */
function stopped(known) {
  const gone = partitions(known).filter((each) => each.stopped);
  if (!gone.length) return null;
  const one = gone.length === 1;
  const numbers = gone.map((each) => each.partition);
  const who = one ? `partition ${numbers[0]} has stopped` : `partitions ${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)} have stopped`;
  const others = partitions(known).filter((each) => !each.stopped && each.complete_until).map((each) => Date.parse(each.complete_until));
  const rest = others.length > 0 && `, all others are complete until ${second(Math.min(...others), 'UTC')}`;
  return { kind: 'bad', lead: `${lead(known)}: ${who}.`, facts: told(`${one ? 'Its' : 'Their'} pages wait since then${rest || ''}.`, why(gone[0])) };
}

/** @param {Known} known @returns {Standing | null} */
function differs(known) {
  const wrong = /** @type {any[]} */ (known.state.audits ?? []).find((each) => each.difference);
  if (!wrong) return null;
  const [what, todo] = found(wrong);
  return { kind: 'bad', lead: `The audit of ${clock(Date.parse(wrong.at), 'UTC')} UTC found ${what}.`, facts: [todo, `${lead(known)}.`] };
}

/** @param {Known} known @returns {Standing | null} */
function late(known) {
  const ago = lag(known);
  if (ago === null) {
    if (known.empty || known.now - known.movedAt < LATE_MS) return null;
    return { kind: 'warn', lead: `${lead(known)}.`, facts: told(...waits(known)) };
  }
  if (ago <= LATE_MS) return null;
  const still = ago > OLD_MS && standsStill(known);
  return {
    kind: still ? 'bad' : 'warn',
    lead: `${lead(known)}, ${duration(ago)} behind.`,
    facts: told(still && `Nothing was counted since ${second(known.movedAt, 'UTC')}.`, ...waits(known), 'Hatched hours will still grow.'),
  };
}

/** Where nobody tells how much waits, what is being counted is believed to move. @param {Known} known */
const standsStill = (known) => known.now - known.movedAt > STILL_MS && (known.behind !== null || !partitions(known).length || partitions(known).some((each) => each.reason));

/** @param {Known} known @returns {(string | false)[]} */
function waits(known) {
  const all = partitions(known);
  const held = all.filter((each) => each.reason);
  const { behind, toGo } = known;
  return [
    behind !== null && behind > 0 && `${plural(behind, 'confirmed batch waits', 'confirmed batches wait')} to be counted${toGo === null ? '' : `, about ${duration(toGo)} to go`}.`,
    held.length > 0 && (held.length === all.length && held.every((each) => each.reason === 'unheld')
      ? 'No projector counts: it goes on as soon as one runs.'
      : `${plural(held.length, 'partition waits', 'partitions wait')}. ${why(held[0])}`),
  ];
}

/** The last audit of views, null where there is none. @param {any} state */
export const lastAudit = (state) => /** @type {any[]} */ (state.audits ?? []).find((each) => each.kind === 'totals') ?? null;

/** @param {Known} known @returns {Standing | null} */
function unaudited(known) {
  const audit = lastAudit(known.state);
  if (!audit || known.now - Date.parse(audit.at) <= AUDIT_MS) return null;
  const at = Date.parse(audit.at);
  return { kind: 'bad', lead: `${lead(known)}: not audited for ${duration(known.now - at)}.`, facts: [`The last audit of ${until(at, known)} found 0 differences.`, 'A projector audits every hour: see whether one runs.'] };
}

/** @param {Known} known @returns {Standing} */
function well(known) {
  const { state } = known;
  const facts = [];
  // As of the answer: seconds that only pass until the next one are no news.
  if (known.behind === 0) facts.push('0 behind');
  else if (state.lag_seconds !== null) facts.push(`${duration(state.lag_seconds * SECOND)} behind`);
  const audit = lastAudit(state);
  if (audit) facts.push(`audited ${clock(Date.parse(audit.at), 'UTC')}: 0 differences`);
  else if (state.audits) facts.push('not audited yet');
  if (state.generation !== null) facts.push(`generation ${state.generation}`);
  if (state.building) facts.push(`generation ${state.building.generation} is being built${state.building.progress === null ? '' : `: ${share(state.building.progress, 1)}`}`);
  if (!known.empty) return { kind: 'ok', lead: lead(known), facts };
  const text = lead(known);
  return { kind: 'ok', lead: 'Nothing counted yet', facts: [text.charAt(0).toLowerCase() + text.slice(1), ...facts] };
}
