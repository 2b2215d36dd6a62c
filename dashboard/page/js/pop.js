// A button and the sheet that it opens; and such a sheet with a list to pick from.

import { el, fill } from './dom.js';

/** So many at once: a longer list is for searching. */
export const AT_ONCE = 60;
const PATIENCE_MS = 200;

/**
 * A sheet below its button. It closes on Escape, which gives focus back, on a press outside, and when focus leaves it.
 * @param {HTMLElement} button
 * @param {HTMLElement} sheet
 * @param {{ opened?: () => void }} [how]
 * @returns {{ node: HTMLElement, close: () => void }}
 */
export function pop(button, sheet, { opened } = {}) {
  const node = el('div.pop', button, sheet);
  const show = (/** @type {boolean} */ open) => {
    sheet.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (open) document.addEventListener('pointerdown', outside);
    else document.removeEventListener('pointerdown', outside);
  };
  const outside = (/** @type {Event} */ event) => {
    if (!node.contains(/** @type {Node} */ (event.target))) show(false);
  };
  show(false);
  button.addEventListener('click', () => {
    show(Boolean(sheet.hidden));
    if (sheet.hidden) return;
    opened?.();
    /** @type {HTMLElement | null} */ (sheet.querySelector('input, a'))?.focus();
  });
  node.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape' || sheet.hidden) return;
    event.stopPropagation();
    show(false);
    button.focus();
  });
  node.addEventListener('focusout', (/** @type {FocusEvent} */ event) => {
    if (event.relatedTarget && !node.contains(/** @type {Node} */ (event.relatedTarget))) show(false);
  });
  return { node, close: () => show(false) };
}

/**
 * @typedef {{ text: Node | string, note?: string, href: string, current?: boolean }} Row
 * @typedef {{ rows: Row[], rest?: string, find?: string }} Found `rest`: what is not shown; `find`: what can be searched for, where it can be
 */

/**
 * A list of links to pick one from, with a field to search where there are many.
 * @param {string} label what is picked
 * @param {(text: string, signal: AbortSignal) => Promise<Found>} look up what holds a text, everything for ''
 * @returns {{ node: HTMLElement, name: (text: Node | string) => void }}
 */
export function picker(label, look) {
  const named = el('span');
  const button = el('button.btn.chev', { type: 'button' }, el('span.sr', `${label}: `), named);
  const [list, rest] = [el('ul'), el('p.note', { role: 'status' })];
  const field = el('input.field', { type: 'search', 'aria-label': `Find: ${label.toLowerCase()}`, autocomplete: 'off', spellcheck: 'false' });
  const sheet = el('div.sheet', field, list, rest);
  let asking = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let late;

  const load = async (/** @type {string} */ text) => {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const found = await look(text, signal);
      if (signal.aborted) return;
      if (!text) field.hidden = !found.find;
      if (found.find) field.placeholder = found.find;
      fill(list, found.rows.map((row) => el('li', el('a', { href: row.href, 'aria-current': row.current && 'true' }, el('span', row.text), row.note && el('span.note', row.note)))));
      rest.textContent = found.rest ?? (found.rows.length ? '' : 'Nothing found.');
      // Few need no field: what had focus there goes on in the list.
      if (field.hidden && !sheet.contains(document.activeElement)) list.querySelector('a')?.focus();
    } catch {
      if (!signal.aborted) rest.textContent = 'No answer. Type to ask again.';
    }
  };
  field.addEventListener('input', () => {
    clearTimeout(late);
    late = setTimeout(() => void load(field.value.trim()), PATIENCE_MS);
  });
  sheet.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => step(event, sheet));
  list.addEventListener('click', (/** @type {MouseEvent} */ event) => {
    if (!event.defaultPrevented && (event.metaKey || event.ctrlKey || event.shiftKey)) return;
    close();
    button.focus();
  });
  const { node, close } = pop(button, sheet, {
    opened() {
      field.value = '';
      void load('');
    },
  });
  return { node, name: (text) => fill(named, text) };
}

/** Arrows go through field and links. @param {KeyboardEvent} event @param {HTMLElement} sheet */
function step(event, sheet) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  const stops = /** @type {HTMLElement[]} */ ([...sheet.querySelectorAll('input:not([hidden]), a')]);
  const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  event.preventDefault();
  stops[Math.min(stops.length - 1, Math.max(0, at + by))]?.focus();
}
