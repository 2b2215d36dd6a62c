// The four numbers: how much, is it rising, now, at most.

import { el, fill, sr } from './dom.js';
import { busiestSaid, changeSaid, hourSaid, openHour, viewsSaid } from './figures.js';
import { now } from './ask.js';

/**
 * @typedef {import('./types.js').Series} Series
 * @typedef {import('./types.js').View} View
 * @typedef {import('./figures.js').Said} Said
 * @typedef {{ dt: HTMLElement, show: (said: Said) => void, wait: () => void, node: HTMLElement }} Number_
 */

/**
 * Told of the series of the page; and, where they have been asked for, of the open hour and of what the views are a part of.
 * @param {import('./types.js').App} app
 * @returns {import('./types.js').Figure & { hour: (day: Series) => void, of: (all: { total: number, words: string } | null) => void }}
 */
export function numbers(app) {
  const views = number('.hero', 'Views', '11rem');
  const change = number('.change', 'Change', '6rem');
  const hour = number('', 'This hour so far', '5rem');
  const busiest = number('', 'Busiest hour', '6rem');
  const all4 = [views, change, hour, busiest];
  /** @type {Series | null} */
  let series = null;
  /** @type {{ total: number, words: string } | null} */
  let all = null;
  /** @type {string | null} */
  let horizon = null;
  const tellViews = () => series && views.show(viewsSaid(series, { now: now(), all, horizon }));
  const onState = (/** @type {Event} */ event) => {
    const found = /** @type {CustomEvent} */ (event).detail?.horizon ?? null;
    if (found === horizon) return;
    horizon = found;
    tellViews();
  };
  app.events.addEventListener('state', onState);

  return {
    node: el('dl.numbers', all4.map((each) => each.node)),
    wait() {
      series = all = null;
      for (const each of all4) each.wait();
    },
    tell(told) {
      series = told;
      tellViews();
      change.show(changeSaid(told));
      const open = openHour(told, now());
      if (open) hour.show(hourSaid(open, told.complete_until, told.question.tz));
      busiest.dt.textContent = `Busiest ${told.question.unit}`;
      busiest.show(busiestSaid(told));
    },
    hour: (day) => hour.show(hourSaid(day.buckets.at(-1), day.complete_until, day.question.tz)),
    of(found) {
      all = found;
      tellViews();
    },
    stop: () => app.events.removeEventListener('state', onState),
  };
}

/**
 * @param {string} spec
 * @param {string} title
 * @param {string} width of what stands in its place while it is asked for
 * @returns {Number_}
 */
function number(spec, title, width) {
  const [dt, value, note] = [el('dt', title), el('dd.v'), el('dd.n')];
  const node = el(`div.num.wait${spec}`, { '--w': width }, dt, value, note);
  return {
    dt,
    node,
    show(said) {
      node.classList.remove('wait');
      const seen = [said.mark && el('span.up', said.mark), said.text];
      fill(value, said.words ? [el('span', { 'aria-hidden': 'true' }, seen), sr(said.words)] : seen);
      note.textContent = said.note;
    },
    wait() {
      node.classList.add('wait');
      fill(value);
      fill(note);
    },
  };
}
