// What the page says where there is nothing new to show.

import { el, fill } from './dom.js';
import { now } from './ask.js';
import { filters } from './asked.js';
import { clock, date, duration } from './say.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 * @typedef {import('./ask.js').AskError} AskError
 */

/**
 * Why nothing new is there, as a line beneath the question; it counts down by itself.
 * @returns {{ node: HTMLElement, say: (trouble: { error: AskError, again: number } | null, shown: boolean) => void, stop: () => void }}
 */
export function troubleLine() {
  const node = el('p.apart', { hidden: true });
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let counting;
  return {
    node,
    say(trouble, shown) {
      clearInterval(counting);
      node.hidden = !trouble;
      if (!trouble) return;
      const tell = () => fill(node, troubleText(trouble.error, trouble.again - Date.now(), shown));
      tell();
      counting = setInterval(tell, 1_000);
    },
    stop: () => clearInterval(counting),
  };
}

/**
 * @param {AskError} error
 * @param {number} ms until it is asked again
 * @param {boolean} shown whether an earlier answer is still to be seen
 * @returns {string}
 */
export function troubleText(error, ms, shown) {
  const again = duration(Math.max(1_000, ms));
  if (error.kind === 'often') return `Asked too often. Again in ${again}.`;
  const kept = shown ? ' What you see is the last answer.' : '';
  const why = { silent: 'Footfall does not answer.', away: 'The database does not answer.' }[/** @type {string} */ (error.kind)] ?? `There is no answer: ${error.message}.`;
  return `${why}${kept} Asking again in ${again}.`;
}

/**
 * Beneath that no page was viewed in this range: when the last view was, and where to look.
 * @param {App} app
 * @param {string | null} last the last hour that has views, whoever looked at whatever
 * @returns {HTMLElement}
 */
export function nothingInRange(app, last) {
  const view = app.view();
  const tz = view.tz || 'UTC';
  const at = last && !filters(view).length ? Date.parse(last) : 0;
  const month = { text: 'Show 30 days', period: '30d' };
  const all = { text: 'Show all that is kept', period: 'all' };
  const way = view.period === '30d' || (at && at < now() - 30 * 86_400_000) ? all : month;
  const told = at > 0 && `The last view counted is of ${date(at, tz)} ${clock(at, tz)}${tz === 'UTC' ? ' UTC' : ''}. `;
  return el('p', told, view.period !== 'all' && el('a', { href: app.link({ period: way.period, unit: '' }) }, way.text));
}
