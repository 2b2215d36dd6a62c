// Views by weekday and hour of day, as a table whose cells are shaded: its own twin.

import { RANGE, parametersOf } from './address.js';
import { now } from './ask.js';
import { el, fill } from './dom.js';
import { panel } from './panel.js';
import { int, plural, zone } from './say.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').Answered & { cells: { weekday: number, hour: number, views: number }[] }} HoursOfWeek GET /stats/hours-of-week
 */

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const STEPS = 6;
const WEEK = 7 * 24;

/**
 * Tue 19:00–20:00
 * @param {number} at an hour of the week, 0 is the first of Monday
 */
export function hourOfWeek(at) {
  const clock = (/** @type {number} */ hour) => `${String(hour % 24).padStart(2, '0')}:00`;
  return `${DAYS[Math.floor(at / 24)]} ${clock(at % 24)}–${clock((at % 24) + 1)}`;
}

/**
 * How dark a cell is: 0 has nothing, the darkest the most. Pure.
 * @param {number} views
 * @param {number} most
 */
export const shade = (views, most) => (views ? Math.max(1, Math.ceil((views / most) * STEPS)) : 0);

/**
 * Where a key leads from an hour of the week; null where it leads nowhere. Pure.
 * @param {number} at -1: none yet
 * @param {string} key
 * @returns {number | null}
 */
export function moved(at, key) {
  const by = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1, ArrowDown: 24, ArrowUp: -24 })[key];
  if (by) return at < 0 ? 0 : (at + by + WEEK) % WEEK;
  const day = Math.max(0, Math.floor(at / 24)) * 24;
  return { Home: day, End: day + 23 }[key] ?? null;
}

/** @param {App} app @returns {import('./types.js').Panel} */
export function hours(app) {
  const cells = Array.from({ length: WEEK }, () => el('td.h0'));
  const table = el('table.heat', { tabindex: 0 },
    el('thead', el('tr', el('td'), Array.from({ length: 8 }, (_, at) => el('th', { scope: 'colgroup', colspan: 3 }, String(at * 3).padStart(2, '0'))))),
    el('tbody', DAYS.map((day, at) => el('tr', el('th', { scope: 'row' }, day), cells.slice(at * 24, at * 24 + 24)))));
  const [where, most, read] = [el('span.note'), el('span'), el('p.note')];
  const frame = panel('hours', 'Hours of the week', { tools: where });
  fill(frame.body, table,
    el('div.scale.note', { 'aria-hidden': 'true' }, el('span', '0'), Array.from({ length: STEPS + 1 }, (_, at) => el(`i.h${at}`)), most), read);

  /** @type {number[]} */
  let views = [];
  let at = -1;
  const point = (/** @type {number} */ next) => {
    cells[at]?.classList.remove('on');
    at = views.length ? next : -1;
    cells[at]?.classList.add('on');
    const rest = views.some(Boolean) ? 'Point at an hour for its views.' : 'No views in this range.';
    read.textContent = at < 0 ? (views.length ? rest : '') : `${hourOfWeek(at)}: ${plural(views[at], 'view')}`;
  };
  const under = (/** @type {Event} */ event) => point(cells.indexOf(event.target));
  table.addEventListener('pointermove', under);
  table.addEventListener('pointerdown', under);
  table.addEventListener('pointerleave', () => point(-1));
  table.addEventListener('blur', () => point(-1));
  table.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    const next = moved(at, event.key);
    if (next === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    point(next);
    app.say(read.textContent);
  });

  /** @param {HoursOfWeek} found */
  function put(found) {
    views = Array(WEEK).fill(0);
    for (const cell of found.cells) views[(cell.weekday - 1) * 24 + cell.hour] = cell.views;
    const top = Math.max(...views);
    const zoned = zone(now(), found.question.tz);
    cells.forEach((cell, hour) => {
      cell.className = `h${shade(views[hour], top)}`;
      cell.textContent = int(views[hour]);
    });
    table.setAttribute('aria-label', `Views by weekday and hour, ${zoned}`);
    where.textContent = zoned;
    most.textContent = plural(top, 'view');
    frame.gist(top ? `most on ${hourOfWeek(views.indexOf(top))}` : '');
    point(at);
  }

  function wait() {
    views = [];
    for (const cell of cells) {
      cell.className = 'h0';
      cell.textContent = '';
    }
    where.textContent = most.textContent = '';
    point(-1);
  }

  return {
    node: frame.node,
    show: frame.asking(
      async (view, { signal }) => put(await app.ask('/stats/hours-of-week', parametersOf(view, ['site', 'page', 'prefix', 'source', ...RANGE]), signal)),
      wait,
    ),
    stop: frame.stop,
  };
}
