// The sites that are counted; absent where there is one.

import { el } from './dom.js';
import { listed, only, siteOf } from './listing.js';
import { plural } from './say.js';
import { shortList } from './short-list.js';

/** @param {import('./types.js').App} app @returns {import('./types.js').Panel} */
export function sites(app) {
  const made = shortList(app, {
    title: 'Sites',
    column: 'Site',
    many: 'sites',
    question: (view) => listed(view, ['source']),
    chosen: (view) => view.site || (view.page ? siteOf(view.page) : view.prefix === '/' ? '' : null),
    row: (found) => ({ name: found.site, href: app.link(only.site(found.site)) }),
    before: () => null,
    after: (found) => !found.sites.length && el('p.empty', 'No views in this range.'),
  });

  /** How many there are is in an answer that is asked for anyway. @param {any} event */
  const bounded = ({ detail }) => {
    if (typeof detail.sites !== 'number') return;
    made.node.hidden = detail.sites < 2;
    made.gist(plural(detail.sites, 'site'));
  };
  app.events.addEventListener('answered', bounded);
  return {
    ...made,
    stop() {
      app.events.removeEventListener('answered', bounded);
      made.stop?.();
    },
  };
}
