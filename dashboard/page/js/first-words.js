// How a first view is sent, to copy. Pure.

import { quoted } from './curl.js';

const SITE = 'example.com';
const MINUTE_MS = 60_000;
const SHOWN = 5;
/** Where `footfall import` sends what it reads, unless it is told. */
const IMPORT_TO = 'http://127.0.0.1:3000';

/**
 * As far as it is known: whether keys are needed, the only sites that this key may know of, and the only ones of which
 * views are accepted (null: all of both).
 * @typedef {{ needs_key?: boolean, own?: string[] | null, accepts?: string[] | null }} Known
 */

/**
 * Three ways: what they are for, what they mean, what to copy.
 * @param {string} origin of the service
 * @param {number} now
 * @param {Known} known
 * @returns {{ title: string, text: string, code: string }[]}
 */
export function ways(origin, now, { needs_key: keyed, own, accepts }) {
  const site = own?.[0] ?? accepts?.[0] ?? SITE;
  const view = JSON.stringify({ page: `${site}/page`, timestamp: new Date(Math.floor(now / MINUTE_MS) * MINUTE_MS).toISOString().replace('.000', '') });
  const key = keyed ? ' -H "Authorization: Bearer $INGEST_KEY"' : '';
  const to = origin === IMPORT_TO ? '' : ` \\\n     --to ${quoted(origin)}`;
  return [
    {
      title: 'From a website',
      text: 'Into the head of every page. Under 1 kB, no cookie.',
      code: `<script defer src="${origin}/tracker.js"\n        data-domain="${site}"></script>`,
    },
    {
      title: 'From anything that speaks HTTP',
      text: 'The answer 202 means: the log holds it.',
      code: `curl${key} ${origin}/page-views/single \\\n     -d ${quoted(view)}`,
    },
    {
      title: 'From the logs you have',
      text: 'Common or Combined Log Format, plain or gzip.',
      code: `${keyed ? 'FOOTFALL_KEY="$INGEST_KEY" ' : ''}footfall import access.log.1.gz access.log --host ${site} --pages-only${to}`,
    },
  ];
}

/**
 * What is waited for, and what may be in its way; less where nobody says of which sites views are accepted.
 * @param {string[] | null} [sites] null: of any
 * @returns {[string, string]} and a hint
 */
export function accepted(sites) {
  const waiting = 'Waiting for the first view. ';
  if (sites === undefined) return [waiting, 'SITES may say of which sites views are accepted.'];
  if (sites === null) return [`${waiting}Sites accepted: any. `, `SITES=${SITE} limits them.`];
  const more = sites.length > SHOWN ? ` and ${sites.length - SHOWN} more` : '';
  return [`${waiting}Sites accepted: ${sites.slice(0, SHOWN).join(', ')}${more}. `, 'SITES says which.'];
}
