// One ranked list for pages, sources and sites. The line under a name is its share, all from zero on one scale.

import { el, fill, set, sr } from './dom.js';
import { named, spoken } from './names.js';
import { SELDOM_MS, moving, turn, wouldMove } from './order.js';
import { change, int, share } from './say.js';
import { spark } from './spark.js';

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} [text] words of our own in place of the name
 * @property {string} href where pressing the name leads
 * @property {number} rank
 * @property {number} views
 * @property {[number, number] | null} compared in whole hours, now and before; null: cannot be compared
 * @property {readonly number[]} [trend] from the oldest on, without what is not over
 * @property {string} [under] beneath the name, in place of the line of its share
 * @property {string} [moved] in a list of movers: by how much
 */

/**
 * @typedef {object} Ranked
 * @property {HTMLElement} node
 * @property {HTMLElement} note stands beside the heading while rows are held in their order
 * @property {(rows: Row[], how: { total: number, current?: string | null, quiet?: boolean }) => void} show `current`: the name of the row that is chosen; `quiet`: the same question again, rows may be held
 * @property {() => void} wait
 * @property {() => void} stop
 */

const LONG = 30;
/** @typedef {{ row: HTMLElement, link: HTMLElement, cells: Record<string, HTMLElement>, told: Record<string, string> }} Line */

/**
 * @param {{ column: string, label: string, ranks?: boolean, trends?: boolean, movers?: boolean, expected?: number }} how
 *   `expected`: rows there will be, about; `movers`: names and by how much, without a head
 * @returns {Ranked}
 */
export function ranked({ column, label, ranks = false, trends = false, movers = false, expected = 10 }) {
  const columns = columnsOf(column, { ranks, trends, movers });
  const body = el('tbody', { role: 'rowgroup' });
  const head = !movers && el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, columns.map(([name, text]) => el(`th.c-${name}`, { scope: 'col', role: 'columnheader' }, text))));
  const note = el('span.note.moving', { hidden: true });
  /** @type {Map<string, Line>} */
  const lines = new Map();
  /** @type {string[]} */
  let shown = [];
  /** @type {{ rows: Row[], total: number, current: string | null }} */
  let latest = { rows: [], total: 0, current: null };
  let placedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const keys = () => latest.rows.map((row) => row.name);
  const held = () => body.matches(':hover') || body.contains(document.activeElement);

  function write() {
    const most = Math.max(1, ...latest.rows.map((row) => row.views));
    for (const row of latest.rows) {
      const line = lines.get(row.name) ?? made(columns, row);
      lines.set(row.name, line);
      written(line, row, latest.total, most);
      set(line.row, { 'aria-current': row.name === latest.current && 'true' });
    }
    const known = new Set([...shown, ...keys()]);
    for (const name of [...lines.keys()]) if (!known.has(name)) lines.delete(name);
  }

  function place() {
    clearTimeout(timer);
    placedAt = Date.now();
    const focused = /** @type {HTMLElement | null} */ (body.contains(document.activeElement) ? document.activeElement : null);
    shown = keys();
    for (const { row } of lines.values()) row.classList.remove('gone');
    fill(body, shown.map((name) => lines.get(name)?.row));
    note.hidden = true;
    // Where a row that has focus is moved, it would lose it.
    if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  /** Again, once rows may be moved. */
  function settle() {
    clearTimeout(timer);
    const decided = turn({ shown, next: keys(), held: held(), since: Date.now() - placedAt });
    if (decided === 'reorder') return place();
    if (decided === 'later') timer = setTimeout(settle, SELDOM_MS - (Date.now() - placedAt));
    const here = new Set(keys());
    for (const [name, { row }] of lines) row.classList.toggle('gone', !here.has(name));
    note.hidden = decided !== 'hold';
    if (decided !== 'hold') return;
    fill(note, `${wouldMove(moving(shown, keys()))} `, el('button.btn.quiet', { type: 'button', onclick: reordered }, 'Reorder'));
  }
  function reordered() {
    place();
    body.querySelector('a')?.focus();
  }
  const left = () => void (note.hidden || setTimeout(settle));
  body.addEventListener('pointerleave', left);
  body.addEventListener('focusout', left);

  return {
    node: el(movers ? 'table.rank.movers' : 'table.rank', { role: !movers && 'table', 'aria-label': label }, head, body),
    note,
    show(rows, { total, current = null, quiet = false }) {
      latest = { rows, total, current };
      write();
      if (quiet && shown.length) settle();
      else if (moving(shown, keys()) || shown.length !== rows.length || body.childElementCount !== rows.length) place();
      else note.hidden = true;
    },
    wait() {
      shown = [];
      note.hidden = true;
      fill(body, Array.from({ length: expected }, () => el('tr', { 'aria-hidden': 'true' }, columns.map(([name]) => el(`td.c-${name}`, name === 'name' && el('span.name', el('span.ghost')))))));
    },
    stop: () => clearTimeout(timer),
  };
}

/** @param {string} column @param {{ ranks: boolean, trends: boolean, movers: boolean }} how @returns {[string, string][]} class and heading */
function columnsOf(column, { ranks, trends, movers }) {
  if (movers) return [['name', column], ['moved', 'Change']];
  const found = [ranks && ['rank', '#'], ['name', column], ['views', 'Views'], ['share', 'Share'], ['change', 'Change'], trends && ['trend', 'Trend']];
  return /** @type {[string, string][]} */ (found.filter(Boolean));
}

/** @param {[string, string][]} columns @param {Row} row @returns {Line} */
function made(columns, row) {
  const cells = /** @type {Record<string, HTMLElement>} */ (Object.fromEntries(columns.map(([name]) => [name, el(`td.c-${name}`, { role: 'cell' })])));
  const link = row.text ? el('a.name', { href: row.href }, row.text) : named(row.name, { href: row.href, title: titled(row.name) });
  fill(cells.name, link, el(row.under === undefined ? 'span.share' : 'small'));
  return { row: el('tr', { role: 'row' }, Object.values(cells)), link, cells, told: {} };
}

/** @param {Line} line @param {Row} row @param {number} total @param {number} most */
function written({ link, cells, told }, row, total, most) {
  set(link, { href: row.href });
  const below = /** @type {Element} */ (cells.name.lastElementChild);
  if (row.under === undefined) set(below, { '--w': `${((row.views / most) * 100).toFixed(2)}%` });
  else below.textContent = row.under;
  const texts = { rank: int(row.rank), views: int(row.views), share: share(row.views, total), moved: row.moved, change: String(row.compared), trend: String(row.trend) };
  for (const [name, text] of Object.entries(texts)) {
    if (!cells[name] || text === undefined || told[name] === text) continue;
    told[name] = text;
    fill(cells[name], name === 'change' ? compared(row) : name === 'trend' ? row.trend?.length && spark(row.trend) : text);
  }
}

/** @param {Row} row */
const compared = (row) => (row.compared ? changed(...row.compared) : '–');

/**
 * A change to see and to hear.
 * @param {number} now
 * @param {number} before
 */
export function changed(now, before) {
  const { mark, text, words } = change(now, before);
  return [el('span', { 'aria-hidden': 'true' }, mark && el('span.up', mark), text), sr(words)];
}

/** What an ellipsis hides. @param {string} name */
const titled = (name) => (name.length > LONG ? spoken(name) : null);
