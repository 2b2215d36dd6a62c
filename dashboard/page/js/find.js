// The field to find names with: it asks once nobody types any more.

import { el } from './dom.js';

const PAUSE_MS = 250;
const LEAST = 2;

/**
 * @param {string} label
 * @param {(text: string) => void} found called with at least two characters, or with none once it is emptied
 * @returns {{ node: HTMLInputElement, show: (text: string) => void, stop: () => void }}
 */
export function find(label, found) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = '';
  const node = el('input.field', {
    type: 'search', placeholder: label, 'aria-label': label, 'aria-keyshortcuts': '/', autocomplete: 'off', spellcheck: 'false', maxlength: 1_000,
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE_MS);
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && ask(),
  });
  function ask() {
    clearTimeout(timer);
    timer = undefined;
    const text = node.value.trim();
    if (text === asked || (text && [...text].length < LEAST)) return;
    asked = text;
    found(text);
  }
  return {
    node,
    show(text) {
      asked = text;
      // Never under the hands of somebody who types.
      if (timer === undefined && node.value.trim() !== text) node.value = text;
    },
    stop: () => clearTimeout(timer),
  };
}
