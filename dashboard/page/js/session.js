// Who looks, and what they may know, as the service says it.

import { ask } from './ask.js';

/**
 * GET /session.
 * @typedef {object} Session
 * @property {boolean} signed_in
 * @property {boolean} needs_key there are keys: whoever has none is told less, or nothing
 * @property {string[]} rights
 * @property {string[] | null} sites the only ones that may be known of; null: all
 * @property {boolean} public
 */

/** What is taken to be so while nobody says. @type {Session} */
const UNKNOWN = { signed_in: false, needs_key: false, rights: [], sites: null, public: false };

/** @type {Promise<Session> | undefined} */
let told;

/**
 * Asked once for the whole page, and again where there was no answer.
 * @returns {Promise<Session>}
 */
export function session() {
  told ??= ask('/session').catch(() => {
    told = undefined;
    return UNKNOWN;
  });
  return told;
}
