// The question of a view as a line for a shell. Pure.

import { parametersOf } from './address.js';

/** @typedef {import('./types.js').View} View */

const SERIES = /** @type {const} */ (['site', 'page', 'prefix', 'source', 'period', 'from', 'to', 'unit', 'tz', 'agent', 'compare']);
const LIST = /** @type {const} */ (['site', 'source', 'period', 'from', 'to', 'tz', 'agent', 'search', 'order']);

/**
 * As one word of a POSIX shell, whatever is in it.
 * @param {string} text
 */
export const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/**
 * What asks the service the question that the page asks it.
 * @param {View} view
 * @param {string} origin
 * @param {boolean} [keyed] where a key is needed, its name stands there and not the key
 * @returns {string}
 */
export function curlOf(view, origin, keyed = false) {
  const [path, names] = view.place === '/operations' ? ['/stats/operations', []] : view.place === '/pages' ? ['/stats/pages', LIST] : ['/stats/views', SERIES];
  const query = parametersOf(view, names).toString();
  const key = keyed ? ' -H "Authorization: Bearer $READ_KEY"' : '';
  return `curl -i${key} ${quoted(origin + path + (query && `?${query}`))}`;
}
