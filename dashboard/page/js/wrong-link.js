// In place of the numbers, where an address asks what cannot be answered.

import { el } from './dom.js';
import { isolated } from './names.js';
import { periodOf, title } from './ranges.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 * @typedef {import('./ask.js').AskError} AskError
 */

const OF_ADDRESS = ['site', 'page', 'prefix', 'source', 'period', 'from', 'to', 'unit', 'tz', 'agent', 'compare'];

/**
 * The question nearest to one that was refused: without what was at fault; all of it where that is not known. Pure.
 * @param {View} view
 * @param {{ pointer: string }[]} faults
 * @returns {Partial<View>}
 */
export function nearest(view, faults) {
  const names = faults.map((fault) => fault.pointer).filter((name) => OF_ADDRESS.includes(name));
  // Too many buckets are named by their unit; pages are not counted by source, so the page is what stays.
  const found = /** @type {Record<string, string | null>} */ ({});
  for (const name of names.length ? names : OF_ADDRESS) found[name] = name === 'source' ? null : '';
  const range = ['period', 'from', 'to'];
  if (!range.some((name) => name in found)) return found;
  // Naming one part of a range drops the others: those that are not at fault are kept by name.
  const kept = range.filter((name) => !(name in found)).map((name) => [name, view[/** @type {'from'} */ (name)]]);
  return { ...found, ...Object.fromEntries(kept) };
}

/**
 * In place of the numbers: each fault of the link with what to send instead, and a way on.
 * @param {App} app
 * @param {AskError} error
 * @returns {HTMLElement}
 */
export function wrongLink(app, error) {
  const view = app.view();
  const change = nearest(view, error.faults);
  const next = { ...view, ...change };
  const faults = error.faults.length ? error.faults : [{ pointer: '', detail: error.message }];
  const given = (/** @type {string} */ name) => view[/** @type {keyof View} */ (name)] ?? '';
  return el('div.narrow', el('h1.h-big', 'This link asks what cannot be answered'),
    el('ul.faults', faults.map(({ pointer, detail }) => el('li', pointer && [el('code', `${pointer}=`, given(pointer) !== '' && isolated(given(pointer))), ': '], detail))),
    el('p.more-row', el('a.btn.main', { href: app.link(change) }, `Show ${title({ ...next, period: periodOf(next) })}`), el('a.btn', { href: '/' }, 'Start over')));
}
