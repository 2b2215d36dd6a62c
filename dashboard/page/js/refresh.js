// What moves by itself: when the page asks again, and when it does not.

import { AskError } from './ask.js';

/** All of the page, and what may have moved within seconds. */
const ALL_MS = 60_000;
const PULSE_MS = 5_000;
const FIRST_MS = 2_000;
const LONGEST_MS = 60_000;

/**
 * How long to wait after so many failures in a row. Pure.
 * @param {number} failures at least 1
 * @param {number} asked what the service asked for, in seconds; 0: nothing
 * @returns {number} milliseconds
 */
export const delay = (failures, asked) => Math.max(asked * 1_000, Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)));

/**
 * @typedef {object} Asked
 * @property {(how: { quiet: boolean }) => Promise<void>} all asks for the whole page
 * @property {() => Promise<void>} pulse asks for what may have moved within seconds
 * @property {(trouble: { error: AskError, again: number } | null) => void} trouble told of each failure and when it is asked again; null: all is well
 * @property {() => number | undefined} [every] how long until the next pulse, where it is not as usual
 */

/**
 * Asks again and again: not in a tab that nobody sees, not while paused, later and later while there is no answer.
 * @param {Asked} asked
 * @returns {{ restart: () => Promise<void>, reconnected: () => void, pause: (paused: boolean) => void, stop: () => void }}
 */
export function keepFresh({ all, pulse, trouble, every }) {
  let [failures, paused, asleep, allAt, turn] = [0, false, false, 0, 0];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const plan = (/** @type {number} */ ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => void step(true), ms);
  };
  /** @param {boolean} quiet */
  async function step(quiet) {
    asleep = quiet && (document.hidden || paused);
    if (asleep) return;
    const mine = ++turn;
    const whole = !quiet || failures > 0 || Date.now() - allAt >= ALL_MS;
    try {
      await (whole ? all({ quiet }) : pulse());
      if (mine !== turn) return;
      if (whole) allAt = Date.now();
      failures = 0;
      trouble(null);
      plan(every?.() ?? PULSE_MS);
    } catch (error) {
      if (mine === turn) failed(error);
    }
  }
  /** @param {unknown} error */
  function failed(error) {
    if (!(error instanceof AskError)) throw error;
    failures += 1;
    const ms = delay(failures, error.wait);
    trouble({ error, again: Date.now() + ms });
    if (error.kind !== 'refused' && error.kind !== 'locked') plan(ms);
  }
  const wake = () => {
    if (asleep && !document.hidden && !paused) void step(true);
  };
  // What stood still may be answered again before its turn.
  const reconnected = () => void (failures && step(true));
  document.addEventListener('visibilitychange', wake);
  window.addEventListener('online', reconnected);

  return {
    restart() {
      clearTimeout(timer);
      failures = 0;
      return step(false);
    },
    reconnected,
    pause(now) {
      paused = now;
      wake();
    },
    stop() {
      turn += 1;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', wake);
      window.removeEventListener('online', reconnected);
    },
  };
}
