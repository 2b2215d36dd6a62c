// The page of operations in words. Pure.

import { pace, toGo } from './pace.js';
import { why } from './reasons.js';
import { date, duration, int, moment, part, plural, second, share } from './say.js';

/** @typedef {'ok' | 'warn' | 'bad'} Light */

/** A state of a partition: its shape, and in a word. */
const PARTITION = /** @type {Record<string, [Light, string]>} */ ({
  'caught-up': ['ok', 'caught up'],
  folding: ['ok', 'being counted'],
  waiting: ['warn', 'waits'],
  unheld: ['warn', 'nobody counts it'],
  unknown: ['warn', 'not known'],
  stopped: ['bad', 'stopped'],
});

/** @param {string} state @returns {[Light, string]} */
export const partitionState = (state) => PARTITION[state] ?? ['warn', state];

/** A number, or that it is not known. @param {number | null | undefined} n */
export const known = (n) => (n === null || n === undefined ? '–' : int(n));

/** 14:37:05, with its day where that is another; – where it is not known. @param {string | null} at @param {number} now */
export function time(at, now) {
  if (!at) return '–';
  const ms = Date.parse(at);
  return date(ms, 'UTC') === date(now, 'UTC') ? second(ms, 'UTC') : moment(ms, 'UTC');
}

/**
 * What is wrong with partitions, a sentence each.
 * @param {any[]} partitions
 * @returns {string[]}
 */
export const troubles = (partitions) =>
  partitions
    .filter((each) => each.reason || each.stands_still)
    .map((each) => `Partition ${each.partition}${each.folded_to === null ? '' : `, offset ${int(each.folded_to)}`}: ${each.stands_still ?? why(each)}`);

/** @param {any[]} partitions */
export const caughtUp = (partitions) => `${partitions.filter((each) => each.state === 'caught-up').length} of ${partitions.length} caught up`;

/** As much room as is left for what was before anything that is known. */
const UNKNOWN_MS = 86_400_000;

const PHASES = /** @type {[string, string][]} */ ([['loading', 'loading'], ['sorting', 'sorting'], ['catching-up', 'catching up'], ['comparing', 'comparing'], ['adding-up', 'adding up']]);
const TITLES = /** @type {Record<string, (n: number) => string>} */ ({
  verify: (n) => `Generation ${n} is being built to be compared`,
  rollback: (n) => `Generation ${n} catches up to be live again`,
});

/**
 * A generation that is being built: where it is, how far, how fast.
 * @param {any} building
 * @param {import('./pace.js').Sample[]} samples of `done`, of this phase
 * @param {number | null} live the generation that counts come from
 */
export function buildingSaid(building, samples, live) {
  const { generation, purpose, phase, done, total, progress, held_by: holder } = building;
  const days = phase === 'adding-up';
  const at = PHASES.findIndex(([name]) => name === phase);
  const speed = pace(samples);
  const rest = toGo(samples, total - done);
  const facts = [
    speed !== null && speed > 0 && `${int(Math.round(speed))} a second${rest === null ? '' : `, about ${duration(rest)} to go`}.`,
    live !== null && `Counts come from generation ${live}${purpose === 'verify' ? '.' : ` until ${generation} is promoted.`}`,
  ];
  return {
    title: (TITLES[purpose] ?? ((/** @type {number} */ n) => `Generation ${n} is being built`))(generation),
    phases: PHASES.map(([, name], i) => ({ name, done: i < at, now: i === at })),
    progress,
    counted: progress === null ? '' : `${int(done)} of ${plural(total, days ? 'day' : 'batch', days ? 'days' : 'batches')}`,
    facts: facts.filter(Boolean).join(' '),
    left: holder === null && 'Nobody builds it any more: footfall replay goes on with it, footfall replay --abandon gives it up.',
  };
}

/** 21 Nov 09:12 @param {string} at */
const short = (at) => part(Date.parse(at), 'UTC', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/**
 * The state of a generation in words.
 * @param {any} generation
 * @param {any} building
 */
export function generationState(generation, building) {
  const { state, created, keep_until: until } = generation;
  if (state === 'live') return begun(created) === null ? 'live' : `live, begun ${short(created)}`;
  if (state === 'previous') return until ? `kept for rollback until ${short(until)}` : 'kept for rollback';
  if (building?.generation !== generation.generation) return state.replaceAll('-', ' ');
  return `being built${building.progress === null ? '' : `, ${share(building.progress, 1)}`}`;
}

/** When a generation was begun; null: nobody wrote it down, of the first one. @param {string} created */
const begun = (created) => Date.parse(created) || null;

/**
 * From when to when each generation was built and counted, in hundredths of the time since the first was begun.
 * @param {any[]} generations
 * @param {number} now
 * @returns {{ first: number | null, spans: { from: number, to: number }[] }} `first`: null where it is not known
 */
export function spans(generations, now) {
  const all = generations.map((each) => begun(each.created));
  const first = all.includes(null) || !all.length ? null : Math.min(.../** @type {number[]} */ (all));
  const since = first ?? Math.min(now, .../** @type {number[]} */ (all.filter((each) => each !== null))) - UNKNOWN_MS;
  const at = (/** @type {number} */ ms) => Math.max(0, Math.min(100, ((ms - since) / Math.max(1, now - since)) * 100));
  return {
    first,
    spans: generations.map(({ state, complete_until: until }, n) => {
      const from = Math.min(99, at(all[n] ?? since));
      return { from, to: state === 'previous' && until ? Math.max(at(Date.parse(until)), from + 1) : 100 };
    }),
  };
}
