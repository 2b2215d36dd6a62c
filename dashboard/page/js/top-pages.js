// The pages with most views, and the field to find others.

import { parametersOf } from './address.js';
import { now } from './ask.js';
import { el, fill } from './dom.js';
import { find } from './find.js';
import { HOURS, MOST_ROWS, comparedOf, listed, only, partsOf, partsOver, tableOf } from './listing.js';
import { isolated } from './names.js';
import { panel } from './panel.js';
import { ranked } from './ranked.js';
import { int, plural } from './say.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 */

export const PAGES = '/stats/pages';
export const NOT_BY_SOURCE = 'Pages are not counted by source. These are all views of all sources.';
const OF_MANY = 'Some pages are counted together as "(other)": more than MAX_NEW_PAGES new ones of a site came in an hour.';
const ROWS = 10;

/** @param {App} app @returns {import('./types.js').Panel} */
export function topPages(app) {
  const list = ranked({ column: 'Page', label: 'Pages, most views first', ranks: true, trends: true, expected: ROWS });
  const field = find('Find a page', searched);
  const frame = panel('', 'Top pages', { tools: field.node, beside: list.note, open: true });
  const [apart, below, foot] = [el('p.apart', { hidden: true }, NOT_BY_SOURCE), el('div'), el('p.more-row')];
  frame.body.append(apart, list.node, below, foot);
  let [question, hits] = ['', ''];
  let signal = new AbortController().signal;

  const ofView = (/** @type {View} */ view) => listed(view, ['site', 'prefix', 'search'], { limit: ROWS, trend: partsOf(view, now()) });
  const show = frame.asking(ask, wait);

  /** @param {View} view @param {import('./panel.js').How} how */
  async function ask(view, how) {
    field.show(view.search);
    const asked = ofView(view);
    const found = await app.ask(PAGES, asked, how.signal);
    const count = found.pages.length || !view.search ? 0 : await everyPage(app, view, how.signal);
    question = asked.toString();
    apart.hidden = view.source === null;
    list.show(rowsOf(app, found), { total: found.total, current: view.page, quiet: how.quiet });
    list.node.hidden = !found.pages.length;
    fill(below, beneath(view, found, count));
    fill(foot, footOf(app, view, found, asked));
    hits = found.pages.length ? `${plural(found.pages_total, 'page')} found` : below.textContent;
  }

  function wait() {
    if (question && question === ofView(app.view()).toString()) return;
    question = '';
    list.node.hidden = false;
    list.wait();
    fill(below);
    fill(foot, el('span.ghost'));
  }

  /** @param {string} text */
  async function searched(text) {
    app.note({ search: text });
    try {
      await show(app.view(), { signal, quiet: false });
      app.say(text && hits);
    } catch {
      // The panel says so, or another question has taken its place.
    }
  }

  return {
    node: frame.node,
    show(view, how) {
      signal = how.signal;
      return show(view, how);
    },
    stop() {
      frame.stop();
      list.stop();
      field.stop();
    },
  };
}

/**
 * How many pages there are, whatever is searched for.
 * @param {App} app @param {View} view @param {AbortSignal} signal
 * @returns {Promise<number>}
 */
export async function everyPage(app, view, signal) {
  const found = await app.ask(PAGES, parametersOf(view, ['site', 'prefix', ...HOURS], { limit: 1 }), signal);
  return found.pages_total;
}

/**
 * The rows of an answer about pages.
 * @param {App} app
 * @param {any} found GET /stats/pages with `compare` and `trend`
 * @param {Partial<View>} [more] what changes besides, where a row is pressed
 * @returns {import('./ranked.js').Row[]}
 */
export function rowsOf(app, found, more) {
  const over = partsOver(found.trend, found.complete_until, now());
  return found.pages.map((/** @type {any} */ row) => ({
    name: row.page,
    href: app.link({ ...only.page(row.page), ...more }),
    rank: row.rank,
    views: row.views,
    compared: comparedOf(row, found.compare),
    trend: row.trend?.slice(0, over),
  }));
}

/**
 * What stands below the rows: that there are none, what "(other)" is.
 * @param {View} view
 * @param {any} found
 * @param {number} all pages there are, where none was found
 */
export function beneath(view, found, all) {
  if (!found.pages.length) {
    return el('p.empty', view.search ? ['No page contains "', isolated(view.search), `". ${plural(all, 'page')} searched.`] : 'No page was viewed in this range.');
  }
  return found.pages.some((/** @type {any} */ row) => row.page.endsWith('/(other)')) && el('p.apart', OF_MANY);
}

/** @param {App} app @param {View} view @param {any} found @param {URLSearchParams} asked */
function footOf(app, view, found, asked) {
  const count = found.pages_total;
  if (!count) return null;
  const text = view.search ? `${plural(count, 'page')} found` : `${plural(count, 'page')} in all`;
  const more = view.search ? `All ${int(count)} found` : `All ${int(count)} pages`;
  return [
    count > ROWS ? el('a', { href: app.link({ place: '/pages', page: '' }) }, more) : el('span.note', text),
    el('a', { href: tableOf(PAGES, asked), download: 'pages.csv' }, count > MOST_ROWS ? `CSV of the first ${int(MOST_ROWS)}` : 'CSV'),
  ];
}
