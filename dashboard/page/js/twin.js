// The chart as a table: made when it is opened, a week of hours at once, so that no page grows without bound.

import { el, fill } from './dom.js';
import { bucket, int, plural, zone } from './say.js';

/** @typedef {import('./buckets.js').Cell} Cell */
/** @typedef {{ cells: Cell[], before: Cell[] | null, unit: string, tz: string, total: number }} Table */

const AT_ONCE = 168;

/** @typedef {{ node: HTMLElement, show: (table: Table) => void, hide: () => void }} Twin `show` stays at its part of the same buckets */

/** @returns {Twin} */
export function twin() {
  const node = el('div.twin', { hidden: true, tabindex: 0, role: 'region', 'aria-label': 'The chart as a table' });
  /** @type {Table | null} */
  let shown = null;
  let part = 0;

  const turn = (/** @type {number} */ to) => {
    part = to;
    draw();
    node.scrollTop = 0;
    node.focus();
  };
  const draw = () => {
    if (!shown) return;
    const { cells, before, unit, tz, total } = shown;
    const [from, to] = [part * AT_ONCE, Math.min(cells.length, (part + 1) * AT_ONCE)];
    const all = to - from === cells.length;
    const count = plural(cells.length, unit);
    const scrolled = node.scrollTop;
    fill(
      node,
      el(
        'table',
        el('caption.note', all ? `${plural(total, 'view')} in ${count}` : `${int(from + 1)} to ${int(to)} of ${count}, ${plural(total, 'view')} in all`),
        el('thead', el('tr', head(zone(cells[0]?.from ?? 0, tz)), head('Views'), before && head('Before'), head('Complete', 'th.l'))),
        el('tbody', cells.slice(from, to).map((cell, at) => row(cell, before && (before[from + at] ?? null), before !== null, unit, tz))),
      ),
      !all && el('p.more-row', [[-1, 'Earlier', part > 0], [1, 'Later', to < cells.length]].map(([by, text, there]) => there && el('button.btn', { type: 'button', onclick: () => turn(part + Number(by)) }, String(text)))),
    );
    node.scrollTop = scrolled;
  };

  return {
    node,
    show(table) {
      // Who opens it looks for the newest, which is the last.
      const same = shown?.cells.length === table.cells.length && shown.cells[0]?.from === table.cells[0]?.from && shown.unit === table.unit;
      if (!same) part = Math.max(0, Math.ceil(table.cells.length / AT_ONCE) - 1);
      shown = table;
      node.hidden = false;
      draw();
    },
    hide() {
      shown = null;
      node.hidden = true;
      fill(node);
    },
  };
}

/** @param {string} text @param {string} [spec] */
const head = (text, spec = 'th') => el(spec, { scope: 'col' }, text);
/** @param {number | null | undefined} views */
const number = (views) => (views === null || views === undefined ? '–' : int(views));

/** @param {Cell} cell @param {Cell | null} past @param {boolean} compared @param {string} unit @param {string} tz */
const row = (cell, past, compared, unit, tz) =>
  el(
    'tr',
    el('th.l', { scope: 'row' }, bucket(cell.from, cell.to, unit, tz)),
    el('td', number(cell.views)),
    compared && el('td', number(past?.views)),
    el('td.l', cell.state),
  );
