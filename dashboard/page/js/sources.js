// Where viewers came from.

import { el } from './dom.js';
import { gistOf, listed, only, sourcesOf } from './listing.js';
import { isolated } from './names.js';
import { int, plural } from './say.js';
import { shortList } from './short-list.js';

/** Of whom it is known that they came from nowhere, in the words of the page. */
export const NO_SOURCE = '(no source given)';
const OF_MANY = '"other": what came from more sources than a site may have in an hour.';

/** @param {import('./types.js').App} app @returns {import('./types.js').Panel} */
export const sources = (app) => shortList(app, {
  title: 'Sources',
  column: 'Source',
  many: 'sources',
  question: (view) => listed({ ...view, site: '' }, ['site'], ofSite(sourcesOf(view))),
  chosen: (view) => view.source,
  row: (found, view) => ({ name: found.source, text: found.direct ? NO_SOURCE : undefined, href: app.link(only.source(found.source, view)) }),
  before: (_, view) => notByPage(view),
  after: (found) => [
    !found.of_views && el('p.empty', 'No views in this range.'),
    found.of_views > 0 && !found.sources.length && el('p.empty', 'No source came with these views. The tracker sends it, a Combined log has it.'),
    found.sources.some((/** @type {any} */ row) => row.source === 'other') && el('p.apart', OF_MANY),
    found.sources.length > 0 && found.known < found.of_views && el('p.note', `Known of ${int(found.known)} of ${plural(found.of_views, 'view')}: the others are in no row.`),
  ],
}, (found, gist) => {
  const first = found.sources.find((/** @type {any} */ row) => !row.direct) ?? found.sources[0];
  gist(first ? gistOf(first.direct ? NO_SOURCE : first.source, first.views, found.total) : 'none yet');
});

/** Also the site without a name is one. @param {string | null} site @returns {Record<string, string>} */
const ofSite = (site) => (site === null ? {} : { site });

/** @param {import('./types.js').View} view */
function notByPage(view) {
  if (!view.page && !view.prefix) return null;
  const site = sourcesOf(view);
  return el('p.apart', 'Sources are counted by site, not by page. These are all of ', site === null ? 'all sites' : site === '' ? 'the site without a name' : isolated(site), '.');
}
