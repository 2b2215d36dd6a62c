// All pages: a hundred at a time, to be searched and put in another order.

import { AskError, now } from './ask.js';
import { asked } from './asked.js';
import { el, fill, set } from './dom.js';
import { troubleLine } from './faults.js';
import { find } from './find.js';
import { frame } from './frame.js';
import { held } from './held.js';
import { listed, partsOf } from './listing.js';
import { pager } from './pager.js';
import { panel } from './panel.js';
import { ranked } from './ranked.js';
import { keepFresh } from './refresh.js';
import { NOT_BY_SOURCE, PAGES, beneath, everyPage, rowsOf } from './top-pages.js';
import { wholeTable } from './whole-table.js';
import { wrongLink } from './wrong-link.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 */

const ROWS = 100;
const ORDERS = [['views', 'most views first'], ['change', 'largest change first'], ['page', 'by name']];

/** @param {App} app @returns {import('./main.js').Place} */
export function allPages(app) {
  const list = ranked({ column: 'Page', label: 'Pages', ranks: true, trends: true, expected: 30 });
  const field = find('Find a page', searched);
  const order = el('select', { 'aria-label': 'Order', onchange: () => app.go({ order: order.value === ORDERS[0][0] ? '' : order.value }) }, ORDERS.map(([value, text]) => el('option', { value }, text)));
  const back = el('a.small');
  const box = panel('', 'All pages', { tools: [field.node, el('span.pick.chev', order)], beside: [back, list.note], open: true });
  const [apart, below, table, pages] = [el('p.apart', { hidden: true }, NOT_BY_SOURCE), el('div'), el('span'), pager(ROWS, turned)];
  box.body.append(apart, el('p.more-row', pages.node(), table), list.node, below, el('p.more-row', pages.node()));
  const [said, line] = [asked(app), troubleLine()];
  const main = el('main.wrap', { id: 'main', tabindex: -1 });
  const body = [said.node, line.node, el('div.panels', box.node)];
  const around = frame(app, main);
  let asking = new AbortController();
  /** @type {AskError | null} */
  let refused = null;
  let shown = '';
  const show = box.asking(ask, wait);
  const fresh = keepFresh({ all, pulse: async () => undefined, trouble });

  /** Those that led to the part that is shown: they stay with the entry of the history. @returns {string[]} */
  const cursors = () => history.state?.cursors ?? [];
  const orderOf = (/** @type {View} */ view) => ORDERS.find(([value]) => value === view.order) ?? ORDERS[0];
  const ofView = (/** @type {View} */ view) => listed({ ...view, order: orderOf(view)[0] }, ['site', 'prefix', 'search', 'order'], { trend: partsOf(view, now()), limit: ROWS });

  /** @param {{ quiet: boolean }} how */
  async function all({ quiet }) {
    asking.abort();
    asking = new AbortController();
    const how = { signal: asking.signal, quiet };
    const view = app.view();
    if (!quiet) fill(main, body);
    around.show(view, how);
    app.ask('/stats/bounds', new URLSearchParams({ count: 'none' }), how.signal).then((found) => around.sites(found.sites), () => undefined);
    refused = null;
    await show(view, how);
    if (refused) throw refused;
  }

  /** @param {View} view @param {import('./panel.js').How} how */
  async function ask(view, how) {
    const [question, before] = [ofView(view), cursors()];
    const [, words] = orderOf(view);
    order.value = orderOf(view)[0];
    field.show(view.search);
    set(back, { href: app.link({ place: '/', search: '', order: '' }) });
    back.textContent = 'Back to the counts';
    const given = new URLSearchParams(question);
    if (before.length) given.set('cursor', before[before.length - 1]);
    const found = await app.ask(PAGES, given, how.signal).catch((error) => {
      if (error instanceof AskError && error.kind === 'refused') refused = error;
      throw error;
    });
    const count = found.pages.length || !view.search ? 0 : await everyPage(app, view, how.signal);
    shown = given.toString();
    const rows = found.pages;
    set(list.node, { 'aria-label': `Pages, ${words}` });
    list.show(rowsOf(app, found, { place: '/', search: '', order: '' }), { total: found.total, quiet: how.quiet });
    list.node.hidden = !rows.length;
    apart.hidden = view.source === null;
    pages.tell({ cursors: before, count: rows.length, total: found.pages_total, next: found.next });
    fill(below, beneath(view, found, count));
    fill(table, rows.length > 0 && wholeTable(PAGES, question, found.pages_total, 'pages.csv'));
    around.tell(found.question);
    said.tell(found, { ...view, page: '', compare: view.order === 'change' ? 'previous' : view.compare });
    document.title = `All pages: ${document.title}`;
    if (!how.quiet) app.say(below.querySelector('.empty')?.textContent ?? `${pages.words()}, ${words}`);
  }

  function wait() {
    if (shown && !cursors().length && shown === ofView(app.view()).toString()) return;
    shown = '';
    said.wait();
    list.node.hidden = false;
    list.wait();
    fill(below);
  }

  /** @param {string[]} next */
  function turned(next) {
    history.replaceState({ ...history.state, ...held() }, '');
    history.pushState({ top: 0, focus: null, cursors: next }, '');
    void fresh.restart().then(() => window.scrollTo(0, 0));
  }

  /** @param {string} text */
  function searched(text) {
    app.note({ search: text });
    history.replaceState({ ...history.state, cursors: [] }, '');
    void fresh.restart();
  }

  /** @param {{ error: AskError, again: number } | null} found */
  function trouble(found) {
    if (found?.error.kind === 'locked') window.location.assign(`/sign-in?to=${encodeURIComponent(window.location.pathname + window.location.search)}`);
    else if (found?.error.kind === 'refused') fill(main, wrongLink(app, found.error));
    else line.say(found, shown !== '');
  }

  return {
    nodes: around.nodes,
    show: () => fresh.restart(),
    stop() {
      asking.abort();
      for (const each of [fresh, line, around, box, list, field]) each.stop();
    },
  };
}
