// The pages that gained and lost most.

import { el, fill } from './dom.js';
import { HOURS, only, tooLittle } from './listing.js';
import { parametersOf } from './address.js';
import { spoken } from './names.js';
import { panel } from './panel.js';
import { before } from './ranges.js';
import { ranked } from './ranked.js';
import { int } from './say.js';
import { NOT_BY_SOURCE } from './top-pages.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 * @typedef {{ page: string, views: number, before: number, difference: number }} Mover
 */

const ROWS = 5;
const SIDES = /** @type {const} */ ([['risers', 'Rising'], ['fallers', 'Falling']]);

/** @param {App} app @returns {import('./types.js').Panel} */
export function movers(app) {
  const against = el('span.note');
  const sides = SIDES.map(([member, title]) => {
    const list = ranked({ column: 'Page', label: title, movers: true, expected: ROWS });
    const none = el('p.empty', { hidden: true }, 'None.');
    return { member, list, none, node: el('div', el('h3', title, ' ', list.note), list.node, none) };
  });
  const frame = panel('', 'Movers', { tools: against });
  const [apart, empty, two] = [el('p.apart', { hidden: true }, NOT_BY_SOURCE), el('p.empty', { hidden: true }), el('div.two', sides.map((side) => side.node))];
  frame.body.append(apart, empty, two);
  const question = (/** @type {View} */ view) => parametersOf(view, ['site', 'prefix', ...HOURS, 'compare'], { limit: ROWS });
  let shown = '';

  /** @param {View} view @param {import('./panel.js').How} how */
  async function ask(view, how) {
    const asked = question(view);
    const found = await app.ask('/stats/movers', asked, how.signal);
    shown = asked.toString();
    apart.hidden = view.source === null;
    against.textContent = `against ${view.compare === 'year' ? 'a year before' : before(view)}`;
    const why = whyNone(found);
    [empty.hidden, empty.textContent, two.hidden] = [!why, why, Boolean(why)];
    for (const { member, list, none } of sides) {
      const rows = found[member].map((/** @type {Mover} */ each, /** @type {number} */ at) => rowOf(app, each, at));
      list.show(rows, { total: found.total, current: view.page, quiet: how.quiet });
      none.hidden = rows.length > 0;
    }
    frame.gist(why ? '' : gist(found));
  }

  function wait() {
    if (shown && shown === question(app.view()).toString()) return;
    shown = '';
    [apart.hidden, empty.hidden, two.hidden] = [true, true, false];
    for (const { list, none } of sides) {
      list.wait();
      none.hidden = true;
    }
    fill(against);
  }

  return {
    node: frame.node,
    show: frame.asking(ask, wait),
    stop() {
      frame.stop();
      for (const { list } of sides) list.stop();
    },
  };
}

/** @param {App} app @param {Mover} mover @param {number} at @returns {import('./ranked.js').Row} */
const rowOf = (app, mover, at) => ({
  name: mover.page,
  href: app.link(only.page(mover.page)),
  rank: at + 1,
  views: mover.views,
  compared: null,
  under: `${int(mover.before)} → ${int(mover.views)}`,
  moved: differenceOf(mover),
});

/** +55,462 or −6,307. Pure. @param {Mover} mover */
export const differenceOf = ({ difference }) => (difference < 0 ? '−' : '+') + int(Math.abs(difference));

/**
 * Why there are no movers; '' where there are. Pure.
 * @param {any} found GET /stats/movers
 * @returns {string}
 */
export function whyNone({ compare, risers, fallers }) {
  if (compare.of_hours && tooLittle(compare)) return 'Too little of the time before is kept to compare.';
  if (!compare.total) return 'Movers need two ranges with views in them.';
  return risers.length + fallers.length ? '' : 'No page gained or lost views.';
}

/** The one that moved most, by the last part of its name. @param {any} found */
function gist({ risers, fallers }) {
  const first = risers[0] ?? fallers[0];
  return `${differenceOf(first)} ${spoken(first.page.split('/').filter(Boolean).pop() ?? first.page)}`;
}
