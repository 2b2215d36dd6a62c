// What the bar lets somebody pick: sites, and time zones.

import { parametersOf, RANGE } from './address.js';
import { now } from './ask.js';
import { isolated } from './names.js';
import { AT_ONCE } from './pop.js';
import { plural, share } from './say.js';
import { ofBrowser, offsetOf, zones } from './zones.js';

/** @typedef {import('./types.js').App} App */

/** More sites than these are searched. */
const FEW_SITES = 8;

/**
 * Those of the range, most views first; a search is among all that were ever counted.
 * @param {App} app
 * @param {number} count
 * @param {string} text
 * @param {AbortSignal} signal
 * @returns {Promise<import('./pop.js').Found>}
 */
export async function findSites(app, count, text, signal) {
  const view = app.view();
  const asked = text ? parametersOf(view, ['tz', 'agent'], { period: 'all', search: text, limit: AT_ONCE }) : parametersOf(view, RANGE, { limit: AT_ONCE });
  const found = await app.ask('/stats/sites', asked, signal);
  const rows = found.sites.map((/** @type {{ site: string, views: number }} */ row) => ({
    text: isolated(row.site),
    note: share(row.views, found.total),
    href: app.link({ site: row.site, page: '', prefix: '' }),
    current: view.site === row.site,
  }));
  if (!text) rows.unshift({ text: 'All sites', href: app.link({ site: '' }), current: !view.site });
  const all = Math.max(count, found.sites_total);
  const rest = found.sites_total > AT_ONCE ? `${AT_ONCE} of ${plural(found.sites_total, 'site')}: type to find the others` : undefined;
  return { rows, rest, find: all > FEW_SITES ? `Find one of ${plural(all, 'site')}` : undefined };
}

/**
 * @param {App} app
 * @param {string} text
 * @returns {import('./pop.js').Found}
 */
export function findZones(app, text) {
  const chosen = app.view().tz || 'UTC';
  const found = zones(text, ['UTC', ofBrowser(), chosen]);
  const rows = found.slice(0, AT_ONCE).map((tz) => ({ text: tz.replace(/_/g, ' '), note: offsetOf(now(), tz), href: app.link({ tz: tz === 'UTC' ? '' : tz }), current: tz === chosen }));
  return { rows, find: `Find one of ${plural(found.length, 'zone')}`, rest: found.length > AT_ONCE ? `${AT_ONCE} of ${found.length}: type to find the others` : undefined };
}
