// All of a long list as one table: no answer has more than a thousand rows, so it is put together from many.

import { el } from './dom.js';
import { MOST_ROWS, tableOf } from './listing.js';
import { int } from './say.js';

/**
 * A link where one answer holds all; else a button that fetches one after the other and says how far it is. What was
 * not fetched to its end is not handed over.
 * @param {string} path
 * @param {URLSearchParams} question
 * @param {number} count rows there are
 * @param {string} file
 * @returns {HTMLElement}
 */
export function wholeTable(path, question, count, file) {
  const text = `CSV of all ${int(count)}`;
  if (count <= MOST_ROWS) return el('a', { href: tableOf(path, question), download: file }, text);
  const button = el('button.btn.quiet', { type: 'button', onclick: () => (asking ? asking.abort() : fetched()) }, text);
  /** @type {AbortController | null} */
  let asking = null;

  async function fetched() {
    asking = new AbortController();
    try {
      const parts = await partsOf(tableOf(path, question), asking.signal, (rows) => {
        button.textContent = `${int(rows)} of ${int(count)} · Stop`;
      });
      save(parts, file);
      button.textContent = text;
    } catch {
      button.textContent = asking.signal.aborted ? text : `${text}: there was no answer. Try again`;
    }
    asking = null;
  }
  return button;
}

/**
 * @param {string} address of the first part
 * @param {AbortSignal} signal
 * @param {(rows: number) => void} told how many there are so far
 * @returns {Promise<string[]>}
 */
async function partsOf(address, signal, told) {
  const parts = [];
  for (let next = address; next; ) {
    const response = await fetch(next, { signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const part = await response.text();
    parts.push(parts.length ? withoutHead(part) : part);
    told(parts.length * MOST_ROWS);
    next = nextOf(response.headers.get('link'), response.url);
  }
  return parts;
}

/**
 * Where the list goes on, by the header Link; '' at its end. Pure.
 * @param {string | null} link
 * @param {string} address of the answer that has it
 */
export function nextOf(link, address) {
  const found = /<([^>]*)>;\s*rel="?next"?/.exec(link ?? '');
  return found ? new URL(found[1], address).href : '';
}

/** @param {string} table */
const withoutHead = (table) => table.slice(table.indexOf('\n') + 1);

/** @param {string[]} parts @param {string} file */
function save(parts, file) {
  const address = URL.createObjectURL(new Blob(parts, { type: 'text/csv' }));
  el('a', { href: address, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
