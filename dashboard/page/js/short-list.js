// A panel with a short list that can be looked through to its end: sources, sites.

import { el, fill } from './dom.js';
import { comparedOf, tableOf } from './listing.js';
import { pager } from './pager.js';
import { panel } from './panel.js';
import { ranked } from './ranked.js';
import { int } from './say.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 */

/**
 * `many`: the word for its rows, the last part of `path`, and the member of the answer they are in.
 * @typedef {object} Kind
 * @property {string} title
 * @property {string} column
 * @property {'sources' | 'sites'} many
 * @property {(view: View) => URLSearchParams} question without `limit`
 * @property {(view: View) => string | null} chosen the name of the row that the view is of
 * @property {(row: any, view: View) => { name: string, text?: string, href: string }} row
 * @property {(found: any, view: View) => import('./dom.js').Kids} before what stands before the rows
 * @property {(found: any) => import('./dom.js').Kids} after what stands after them
 */

const ROWS = 7;
const MORE = 50;

/**
 * @param {App} app
 * @param {Kind} kind
 * @param {(found: any, gist: (text: string) => void) => void} [told] called with each answer
 * @returns {import('./types.js').Panel & { gist: (text: string) => void }}
 */
export function shortList(app, { title, column, many, question, chosen, row, before, after }, told) {
  const path = `/stats/${many}`;
  const list = ranked({ column, label: `${title}, most views first`, expected: ROWS });
  const frame = panel('', title, { beside: list.note });
  const [above, below, foot, pages] = [el('div'), el('div'), el('p.more-row'), pager(MORE, turned)];
  const turns = pages.node();
  frame.body.append(above, list.node, below, foot);
  /** @type {string[]} */
  let cursors = [];
  let [whole, shown] = [false, ''];
  let signal = new AbortController().signal;
  const show = frame.asking(ask, wait);

  /** @param {View} view @param {import('./panel.js').How} how */
  async function ask(view, how) {
    const asked = question(view);
    if (asked.toString() !== shown) cursors = [];
    const given = new URLSearchParams(asked);
    given.set('limit', String(whole ? MORE : ROWS));
    if (cursors.length) given.set('cursor', cursors[cursors.length - 1]);
    const found = await app.ask(path, given, how.signal);
    shown = asked.toString();
    const rows = found[many];
    list.show(rows.map((/** @type {any} */ each) => ({ rank: each.rank, views: each.views, compared: comparedOf(each, found.compare), ...row(each, view) })), { total: found.total, current: chosen(view), quiet: how.quiet });
    list.node.hidden = !rows.length;
    fill(above, before(found, view));
    fill(below, after(found));
    const count = found[`${many}_total`];
    pages.tell({ cursors, count: rows.length, total: count, next: whole ? found.next : null });
    fill(foot, count > ROWS && [button(count), whole && turns, el('a', { href: tableOf(path, asked), download: `${many}.csv` }, 'CSV')]);
    told?.(found, frame.gist);
  }

  function wait() {
    if (shown && shown === question(app.view()).toString()) return;
    shown = '';
    list.node.hidden = false;
    list.wait();
    for (const each of [above, below, foot]) fill(each);
  }

  const again = () => void show(app.view(), { signal, quiet: false }).catch(() => undefined);
  /** @param {number} count */
  function button(count) {
    return el('button.btn.quiet', { type: 'button', 'aria-expanded': String(whole), onclick: () => turned([], !whole) }, whole ? `The first ${ROWS}` : `All ${int(count)} ${many}`);
  }
  /** @param {string[]} next @param {boolean} [all] */
  function turned(next, all = whole) {
    [cursors, whole] = [next, all];
    again();
  }

  return {
    node: frame.node,
    gist: frame.gist,
    show(view, how) {
      signal = how.signal;
      return show(view, how);
    },
    stop() {
      frame.stop();
      list.stop();
    },
  };
}
