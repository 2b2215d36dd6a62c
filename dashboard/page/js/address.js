// The address of a page and the view it shows. Pure.

/** @typedef {import('./types.js').View} View */

const PLACES = /** @type {const} */ (['/', '/pages', '/operations']);
const NAMES = /** @type {const} */ (['site', 'page', 'prefix', 'source', 'period', 'from', 'to', 'unit', 'tz', 'agent', 'compare', 'search', 'order']);
const OF_RANGE = /** @type {const} */ (['period', 'from', 'to']);

/**
 * What an address asks for. Whatever it does not name is as the API takes it: all sites, 7 days, UTC, everybody.
 * @param {URL | Location} address
 * @returns {View}
 */
export function readAddress(address) {
  const given = new URLSearchParams(address.search);
  const place = PLACES.find((each) => each === address.pathname) ?? '/';
  const view = /** @type {any} */ ({ place });
  for (const name of NAMES) view[name] = given.get(name) ?? (name === 'source' ? null : '');
  // The site without a name is all that begins with a slash.
  if (given.get('site') === '' && !view.page && !view.prefix) view.prefix = '/';
  return view;
}

/**
 * The address of a view: only what is not as it is by default.
 * @param {View} view
 * @returns {string}
 */
export function writeAddress(view) {
  const query = parametersOf(view, NAMES);
  const text = query.toString();
  return view.place + (text && `?${text}`);
}

/**
 * Another view: a range takes the place of one that is there, whichever way it was said.
 * @param {View} view
 * @param {Partial<View>} changes
 * @returns {View}
 */
export function changed(view, changes) {
  const base = { ...view };
  if (OF_RANGE.some((name) => name in changes)) for (const name of OF_RANGE) base[name] = '';
  return { ...base, ...changes };
}

/**
 * The question of a view in the words of the API: those of its parameters that an endpoint has.
 * @param {View} view
 * @param {readonly (keyof View)[]} names
 * @param {Record<string, string | number>} [more]
 * @returns {URLSearchParams}
 */
export function parametersOf(view, names, more = {}) {
  const found = new URLSearchParams();
  for (const name of names) {
    const value = view[name];
    if (value !== null && (value !== '' || name === 'source')) found.set(name, value);
  }
  for (const [name, value] of Object.entries(more)) found.set(name, String(value));
  return found;
}

/** What ranges and people are asked for everywhere. */
export const RANGE = /** @type {const} */ (['period', 'from', 'to', 'tz', 'agent']);
