// From one part of a long list to the next, and back.

import { el } from './dom.js';
import { int } from './say.js';

/**
 * `cursors`: those that led to the part that is shown, none at the first.
 * @typedef {object} Pager
 * @property {() => HTMLElement} node one more of its kind
 * @property {() => string} words which rows are shown: "1 to 100 of 8,120"
 * @property {(found: { cursors: string[], count: number, total: number, next: string | null }) => void} tell
 */

/**
 * @param {number} size rows of a part
 * @param {(cursors: string[]) => void} turn
 * @returns {Pager}
 */
export function pager(size, turn) {
  /** @type {string[]} */
  let before = [];
  /** @type {string | null} */
  let after = null;
  let text = '';
  /** @type {{ text: HTMLElement, back: HTMLElement, on: HTMLElement }[]} */
  const made = [];
  const back = () => before.length && turn(before.slice(0, -1));
  const on = () => after !== null && turn([...before, after]);
  const button = (/** @type {string} */ text, /** @type {() => void} */ onclick) => el('button.btn', { type: 'button', onclick }, text);
  return {
    node() {
      const one = { text: el('span'), back: button('Back', back), on: button(`Next ${size}`, on) };
      const node = el('span.pager', one.text, one.back, one.on);
      made.push(one);
      return node;
    },
    words: () => text,
    tell({ cursors, count, total, next }) {
      [before, after] = [cursors, next];
      const first = cursors.length * size;
      text = count ? `${int(first + 1)} to ${int(first + count)} of ${int(total)}` : '';
      for (const one of made) {
        one.text.textContent = text;
        one.back.hidden = one.on.hidden = !cursors.length && next === null;
        one.back.toggleAttribute('aria-disabled', !cursors.length);
        one.on.toggleAttribute('aria-disabled', next === null);
      }
    },
  };
}
