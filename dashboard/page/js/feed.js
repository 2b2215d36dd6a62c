// What is new, as it comes: a stream of events, or questions every few seconds where there is none.

import { ask } from './ask.js';

/**
 * @typedef {import('./live-words.js').Live} Live
 * @typedef {{ tell: (live: Live) => void, lost: (error: unknown) => void }} Hearer
 */

const POLL_MS = 5_000;
const AGAIN_MS = 30_000;
/** A stream says something each minute, since the minute moves on. */
const SILENT_MS = 75_000;

/**
 * Follows a question while the page is in sight, until `stop`. Each answer is told; `lost` where there is none.
 * @param {URLSearchParams} question
 * @param {Hearer} hearer
 * @returns {{ stop: () => void }}
 */
export function feed(question, { tell, lost }) {
  const stopped = new AbortController();
  /** @type {AbortController | null} what goes on now */
  let now = null;

  /** @param {boolean} streaming */
  function begin(streaming) {
    now?.abort();
    now = null;
    if (document.hidden || stopped.signal.aborted) return;
    now = new AbortController();
    if (streaming) stream(question, tell, () => begin(false), now.signal);
    else {
      poll(question, { tell, lost }, now.signal);
      later(AGAIN_MS, () => begin(true), now.signal);
    }
  }

  document.addEventListener('visibilitychange', () => begin(true), { signal: stopped.signal });
  begin(true);
  return {
    stop() {
      stopped.abort();
      now?.abort();
    },
  };
}

/**
 * @param {URLSearchParams} question
 * @param {(live: Live) => void} tell
 * @param {() => void} failed
 * @param {AbortSignal} signal
 */
function stream(question, tell, failed, signal) {
  const source = new EventSource(`/stats/live/events?${question}`);
  let silence = later(SILENT_MS, failed, signal);
  signal.addEventListener('abort', () => source.close());
  source.addEventListener('error', () => {
    if (!signal.aborted) failed();
  });
  source.addEventListener('live', (event) => {
    clearTimeout(silence);
    silence = later(SILENT_MS, failed, signal);
    tell(JSON.parse(/** @type {MessageEvent} */ (event).data));
  });
}

/**
 * @param {URLSearchParams} question
 * @param {Hearer} hearer
 * @param {AbortSignal} signal
 */
async function poll(question, { tell, lost }, signal) {
  try {
    const found = await ask('/stats/live', question, signal);
    if (!signal.aborted) tell(found);
  } catch (error) {
    if (!signal.aborted) lost(error);
  }
  later(POLL_MS, () => void poll(question, { tell, lost }, signal), signal);
}

/**
 * @param {number} ms
 * @param {() => void} what
 * @param {AbortSignal} signal
 */
function later(ms, what, signal) {
  if (signal.aborted) return;
  const timer = setTimeout(what, ms);
  signal.addEventListener('abort', () => clearTimeout(timer));
  return timer;
}
