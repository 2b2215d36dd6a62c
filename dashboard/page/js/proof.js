// What the trust strip opens to: where its words come from, and how to ask the same without this page.

import { curlOf } from './curl.js';
import { el, fill } from './dom.js';
import { proofOf } from './proof-words.js';
import { session } from './session.js';

/** @typedef {import('./types.js').View} View */

/**
 * @param {import('./types.js').App} app
 * @returns {{ node: HTMLElement, tell: (known: import('./watch.js').Watched) => void, ask: (view: View) => void, opened: () => Promise<void> }}
 */
export function proof(app) {
  const groups = el('div.pairs-row');
  const line = el('pre', { tabindex: 0, 'aria-label': 'Command line' });
  const further = el('p.more-row', { hidden: true });
  const node = el('div.proof.wrap', groups, el('section', el('h3', 'Ask the same yourself'), line), further);
  let [written, keyed] = ['', false];
  return {
    node,
    tell(known) {
      const found = known.state ? proofOf(known) : [];
      const text = JSON.stringify(found);
      if (text === written) return;
      written = text;
      fill(groups, found.map(({ title, rows }) => pairs(title, rows)));
      // Only operators are told of these.
      const operator = known.state && 'dead_letters' in known.state && app.view().place !== '/operations';
      further.hidden = !operator;
      fill(further, operator && el('a', { href: app.link({ place: '/operations' }) }, 'Operations: partitions, owners, generations'));
    },
    ask(view) {
      [written, line.textContent] = ['', curlOf(view, location.origin, keyed)];
    },
    async opened() {
      const { needs_key: needed, public: open } = await session();
      keyed = needed && !open;
      line.textContent = curlOf(app.view(), location.origin, keyed);
    },
  };
}

/**
 * Names and values below a heading.
 * @param {string} title
 * @param {[string, string][]} rows
 */
export const pairs = (title, rows) => el('section', el('h3', title), el('dl.pairs', rows.map(([name, value]) => [el('dt', name), el('dd', value)])));
