// A plain table that is told its rows again and again: only cells that changed are touched.

import { el, fill } from './dom.js';

/**
 * @typedef {string | Node} Cell
 * @typedef {{ name: string, left?: boolean, head?: Cell }} Column `left`: of words; numbers stand at the right
 */

/**
 * Its first column heads the rows. `rows` takes a text for each cell; where a cell is more than that, `key` is what it
 * is made of, and it is made anew only when that changed.
 * @param {string} label
 * @param {Column[]} columns
 */
export function grid(label, columns) {
  const body = el('tbody');
  const head = columns.map(({ name, left, head: made }) => el(left ? 'th.l' : 'th', { scope: 'col' }, made ?? name));
  const node = el('div.scroll', { tabindex: 0, role: 'group', 'aria-label': label }, el('table.grid-table', el('thead', el('tr', head)), body));
  const made = () => el('tr', columns.map(({ left }, i) => el(`${i ? 'td' : 'th'}${left ? '.l' : ''}`, i === 0 && { scope: 'row' })));
  return {
    node,
    head,
    /** @param {{ cells: (string | { key: string, make: () => Cell[] })[], off?: boolean }[]} found */
    rows(found) {
      while (body.children.length > found.length) body.lastChild.remove();
      found.forEach(({ cells, off }, n) => {
        const row = body.children[n] ?? body.appendChild(made());
        row.classList.toggle('off', Boolean(off));
        cells.forEach((cell, i) => put(row.children[i], cell));
      });
    },
  };
}

/** @param {HTMLElement} place @param {string | { key: string, make: () => Cell[] }} cell */
function put(place, cell) {
  const key = typeof cell === 'string' ? cell : cell.key;
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  fill(place, typeof cell === 'string' ? cell : cell.make());
}
