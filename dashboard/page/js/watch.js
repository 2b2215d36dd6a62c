// The state of the service, asked again and again while somebody looks, also while nothing else answers.

import { ask, AskError } from './ask.js';
import { sampled, toGo } from './pace.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./standing.js').Known} Known
 * @typedef {Omit<Known, 'tz'>} Watched
 */

const EVERY_MS = 3_000;
const PATIENCE_MS = 6_000;
/** Seconds between one failure and the next question. */
const PAUSES = [4, 4, 8, 15, 30];
const BEAT_MS = 1_000;
/** An answer that is older than the newest by this is of a part that is not on the screen any more. */
const GONE_MS = 150_000;
/** All of the page is asked for this often; what lies further apart than that was not asked, and does not age. */
const ROUND_MS = 65_000;

/**
 * `tell` is called each second while the page is in sight, and with each answer; `curious` says whether it matters
 * how much waits, which only operators are told. Other parts hear `state` on the events of the page.
 * @param {App} app
 * @param {(known: Watched) => void} tell
 * @param {() => boolean} curious
 */
export function watch(app, tell, curious) {
  /** @type {Watched} */
  const known = { state: null, now: Date.now(), cameAt: 0, seen: null, movedAt: 0, behind: null, toGo: null, silentSince: null, again: 0, accepts: false, empty: false, locked: false };
  const screen = moments();
  let [ahead, due, failures, hiddenAt] = [0, 0, 0, 0];
  /** @type {import('./pace.js').Sample[]} */
  let samples = [];
  let total = '';
  let running = new AbortController();
  running.abort();
  let [asking, paused] = [false, false];

  const now = () => Date.now() + ahead;
  const heard = (/** @type {any} */ event) => {
    const { detail } = event;
    if (!detail.question) return;
    // Whatever answers may end a silence: it is not waited for longer than it lasts.
    if (known.silentSince !== null) [due, failures] = [0, 0];
    screen.add(detail, Date.now(), paused);
    if ('first' in detail && !Object.keys(detail.question.selection).length) known.empty = detail.first === null;
    else if (detail.total > 0) known.empty = false;
    const sum = `${JSON.stringify(detail.question)} ${detail.total}`;
    if ('buckets' in detail && sum !== total) [total, known.movedAt] = [sum, now()];
  };

  async function once() {
    asking = true;
    const { signal } = running;
    try {
      const state = await ask('/stats/state', undefined, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]));
      if (signal.aborted) return;
      answered(state);
      await beside(state, signal);
      failures = 0;
      due = Date.now() + EVERY_MS;
      app.events.dispatchEvent(new CustomEvent('state', { detail: state }));
    } catch (error) {
      if (!signal.aborted) failed(error);
    } finally {
      asking = false;
      if (!signal.aborted) say();
    }
  }

  /** @param {any} state */
  function answered(state) {
    if (state.database.answers && state.known_at) ahead = Date.parse(state.known_at) - Date.now();
    if (!known.state || known.state.complete_until !== state.complete_until) known.movedAt = now();
    Object.assign(known, { state, cameAt: now(), silentSince: null, locked: false });
  }

  /** What only some are told, and only matters at times. @param {any} state @param {AbortSignal} signal */
  async function beside(state, signal) {
    const wanted = 'dead_letters' in state && curious();
    const found = wanted && state.database.answers ? await ask('/stats/operations', undefined, signal).catch(() => null) : null;
    known.behind = found ? found.behind : null;
    known.accepts = !state.database.answers && (await accepts(signal));
    if (known.behind === null) return;
    if (known.behind < -(samples.at(-1)?.n ?? 0)) known.movedAt = now();
    samples = sampled(samples, { at: now(), n: -known.behind });
    known.toGo = toGo(samples, known.behind);
  }

  /** @param {unknown} error */
  function failed(error) {
    const kind = error instanceof AskError ? error.kind : 'silent';
    known.locked = kind === 'locked';
    if (kind === 'locked' || kind === 'often') known.silentSince = null;
    else known.silentSince ??= now();
    const pause = (error instanceof AskError && error.wait) || PAUSES[Math.min(failures++, PAUSES.length - 1)];
    due = Date.now() + pause * 1_000;
  }

  function say() {
    known.now = now();
    known.seen = screen.least();
    known.again = Math.max(0, Math.round((due - Date.now()) / 1_000));
    tell(known);
  }

  function beat() {
    if (document.hidden) return;
    if (!asking && Date.now() >= due) void once();
    if (!hiddenAt) say();
  }

  /** What was not watched meanwhile is no doubt about it. */
  function seen() {
    if (document.hidden) {
      hiddenAt = Date.now();
      return;
    }
    if (hiddenAt) known.cameAt += Date.now() - hiddenAt;
    [hiddenAt, due] = [0, 0];
    beat();
  }

  return {
    /** For a new view: what was on the screen is not any more. */
    forget: () => screen.clear(),
    /** Now, and then again and again; nothing where it does so already. */
    start() {
      if (!running.signal.aborted) return;
      running = new AbortController();
      [due, asking, paused] = [0, false, false];
      const every = setInterval(beat, BEAT_MS);
      running.signal.addEventListener('abort', () => clearInterval(every));
      document.addEventListener('visibilitychange', seen, { signal: running.signal });
      app.events.addEventListener('answered', heard, { signal: running.signal });
      app.events.addEventListener('paused', (/** @type {any} */ { detail }) => void (paused = Boolean(detail)), { signal: running.signal });
      beat();
    },
    stop: () => running.abort(),
    /** Ask at once. */
    now() {
      due = 0;
      beat();
    },
  };
}

/** Up to when the answers on the screen are complete: of each question the last answer. */
export function moments() {
  /** @type {Map<string, { at: number, until: number }>} */
  const kept = new Map();
  let last = 0;
  return {
    clear: () => kept.clear(),
    /** `still`: the others are not asked for meanwhile, they stay on the screen. @param {import('./types.js').Answered} answer @param {number} at @param {boolean} [still] */
    add(answer, at, still = false) {
      const idle = last ? Math.max(0, at - last - (still ? 0 : ROUND_MS)) : 0;
      last = at;
      for (const each of kept.values()) each.at += idle;
      const { from, to, ...rest } = answer.question;
      const length = Date.parse(to) - Date.parse(from);
      const key = JSON.stringify([Object.keys(answer), rest, length]);
      kept.delete(key);
      if (answer.complete_until) kept.set(key, { at, until: Date.parse(answer.complete_until) });
      for (const [name, each] of kept) if (at - each.at > GONE_MS) kept.delete(name);
    },
    least: () => (kept.size ? Math.min(...[...kept.values()].map(({ until }) => until)) : null),
  };
}

/** Whether ingest says that it takes views; not all are told. @param {AbortSignal} signal */
async function accepts(signal) {
  try {
    const response = await fetch('/ready', { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
    return (await response.json()).checks?.log === 'ok';
  } catch {
    return false;
  }
}
