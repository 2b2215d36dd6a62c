// Time zones to pick from. Pure, but for what the browser knows of zones.

import { offset } from './say.js';

/** The zone of this browser. @returns {string} */
export const ofBrowser = () => new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/**
 * Zones whose name or offset holds a text; without one UTC, the browser's and the one that is chosen come first.
 * @param {string} text
 * @param {readonly string[]} first
 * @param {readonly string[]} [all]
 * @returns {string[]}
 */
export function zones(text, first, all = known()) {
  const found = [...new Set([...first, 'UTC', ...all])];
  const wanted = text.toLowerCase().replace(/\s+/g, '_');
  return wanted ? found.filter((name) => name.toLowerCase().includes(wanted)) : found;
}

/**
 * The offset of a zone, '' for what is none.
 * @param {number} at
 * @param {string} tz
 */
export function offsetOf(at, tz) {
  try {
    return offset(at, tz);
  } catch {
    return '';
  }
}

const known = () => Intl.supportedValuesOf('timeZone');
