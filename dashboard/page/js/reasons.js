// What the words of the API for troubles mean, for whoever reads. Pure.

import { plural } from './say.js';

/**
 * Why a partition is not counted, whether what was confirmed is safe, and what to do.
 * @type {Record<string, string>}
 */
const PARTITION = {
  unheld: 'No projector counts it: it goes on as soon as one runs.',
  'newer-format': 'A batch is newer than this Footfall: upgrade the projectors, nothing confirmed is lost.',
  'log-truncated': 'The log no longer has what was to be counted next: footfall replay says what is left.',
  'log-went-backward': 'The log ends before what is counted: it is another log, or one restored from a copy.',
  'database-refuses': 'The database refuses what is to be counted. Nothing confirmed is lost.',
  'log-away': 'The log does not answer its projector. It goes on by itself.',
  'database-away': 'The database does not answer its projector. It goes on by itself.',
};

/**
 * One sentence, or that of the service where there is no word, or nothing.
 * @param {{ reason?: string | null, stands_still?: string | null }} partition
 */
export function why({ reason, stands_still: told }) {
  const known = reason && PARTITION[reason];
  if (known || !told) return known || '';
  const text = told.replace(/^(stopped|waits)( since [^ ]+)?: /, '');
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}

const WHERE = 'footfall verify --deep says where.';
const REPLAY = `The log has them: footfall replay counts again. ${WHERE}`;
const AGAIN = `footfall replay counts again from the log. ${WHERE}`;
const more = (/** @type {number} */ n) => `${plural(Math.abs(n), 'view')} ${n < 0 ? 'fewer' : 'more'}`;

/** @type {Record<string, (n: number) => [string, string]>} */
const AUDIT = {
  totals: (n) => [`${more(n)} in the rows than were counted`, n < 0 ? REPLAY : AGAIN],
  dimensions: (n) => [`${more(n)} beside the pages than were counted`, AGAIN],
  log: (n) => [`${plural(n, 'hour of a page', 'hours of pages')} that ${n === 1 ? 'differs' : 'differ'} from the log`, AGAIN],
  aggregates: (n) => [`${plural(n, 'sum')} of days and months that the rows do not add up to`, 'footfall roll-up --again makes them anew.'],
};

/**
 * What an audit has found, as the end of a sentence, and what to do.
 * @param {{ kind: string, difference: number }} audit
 */
export const found = ({ kind, difference }) => (AUDIT[kind] ?? ((n) => [`a difference of ${n}`, AGAIN]))(difference);

/** @type {Record<string, string>} */
const KINDS = { totals: 'views in all', dimensions: 'beside pages', log: 'against the log', aggregates: 'sums of days' };

/** What an audit of a kind compares. @param {string} kind */
export const compares = (kind) => KINDS[kind] ?? kind;

/** Audits in the order of what they say. @param {any[]} audits @returns {any[]} */
export const inOrder = (audits) => audits.toSorted((a, b) => Object.keys(KINDS).indexOf(a.kind) - Object.keys(KINDS).indexOf(b.kind));
