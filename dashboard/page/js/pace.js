// How fast a number moves, measured from answers that follow each other. Pure.

/** @typedef {{ at: number, n: number }} Sample a number at a moment, milliseconds */

const WINDOW_MS = 30_000;
const LEAST_MS = 4_000;

/**
 * The samples with one more, without those that are too old to say how fast it is now; begun anew where it moved back.
 * @param {Sample[]} samples
 * @param {Sample} next
 * @returns {Sample[]}
 */
export function sampled(samples, next) {
  const last = samples.at(-1);
  if (last && next.n < last.n) return [next];
  return [...samples.filter((each) => next.at - each.at <= WINDOW_MS), next];
}

/**
 * By a second; null where it was watched too shortly to say.
 * @param {Sample[]} samples
 * @returns {number | null}
 */
export function pace(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < LEAST_MS) return null;
  return ((last.n - first.n) * 1_000) / (last.at - first.at);
}

/**
 * Milliseconds until `left` more are there; null where that cannot be said, or nothing moves.
 * @param {Sample[]} samples
 * @param {number} left
 * @returns {number | null}
 */
export function toGo(samples, left) {
  const found = pace(samples);
  return found && left > 0 ? (left / found) * 1_000 : null;
}
