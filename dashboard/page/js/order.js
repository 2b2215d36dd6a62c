// In which order rows stand while new numbers come: never moved under a pointer, never often. Pure.

/** Rows are put in a new order so often at most, in milliseconds. */
export const SELDOM_MS = 10_000;

/**
 * How many of the rows that are there would stand elsewhere, or go.
 * @param {readonly string[]} shown keys in the order they stand in
 * @param {readonly string[]} next keys in the order of the answer
 * @returns {number}
 */
export const moving = (shown, next) => shown.filter((key, at) => next[at] !== key).length;

/**
 * What to do with an answer to the same question: `in place`, nothing moves; `reorder` now; `hold`, somebody points at
 * the list or has focus in it; `later`, it was put in order a moment ago.
 * @param {{ shown: readonly string[], next: readonly string[], held: boolean, since: number }} found `since`: ms since it was put in order
 * @returns {'in place' | 'reorder' | 'hold' | 'later'}
 */
export function turn({ shown, next, held, since }) {
  if (shown.length === next.length && !moving(shown, next)) return 'in place';
  // What only comes below moves nothing.
  if (held && moving(shown, next)) return 'hold';
  return since < SELDOM_MS ? 'later' : 'reorder';
}

/**
 * What stands beside the heading while rows are held.
 * @param {number} count
 * @returns {string}
 */
export const wouldMove = (count) => `${count === 1 ? '1 row' : `${count} rows`} would move.`;
