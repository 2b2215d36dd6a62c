// What stands there while nothing is counted: three ways to send a first view.

import { copier } from './copy.js';
import { el, fill } from './dom.js';
import { accepted, ways } from './first-words.js';
import { session } from './session.js';

const MINUTE_MS = 60_000;

/**
 * It does not look for views itself: whoever shows it takes it away as the first one is counted.
 * @param {import('./types.js').App} app
 * @returns {import('./types.js').Panel}
 */
export function first(app) {
  /** @type {import('./first-words.js').Known} */
  let known = {};
  const told = () => ways(location.origin, Date.now(), known);
  const codes = told().map(({ title }) => el('pre', { tabindex: 0, 'aria-label': title }));
  const sites = el('span');
  function write() {
    told().forEach(({ code }, i) => code !== codes[i].textContent && (codes[i].textContent = code));
    const [text, hint] = accepted(known.accepts);
    if (sites.textContent !== text + hint) fill(sites, text, el('span.note', hint));
  }
  const steps = told().map(({ title, text }, i) => el('section', el('header', el('h2', title), copier(app, () => codes[i].textContent, title)), el('p', text), codes[i]));
  const node = el(
    'div.narrow',
    el('h1.h-big', 'Nothing is counted yet'),
    el('p.lede', 'Send one view in any of three ways. It shows here within about a second.'),
    el('div.steps', steps, el('p', 'Where ingest is a process of its own, its address goes in the place of this one.')),
    el('p.waiting', { role: 'status' }, el('span.pulse', { 'aria-hidden': 'true' }), sites),
  );
  const heard = (/** @type {any} */ { detail }) => {
    known = { ...known, accepts: detail.sites };
    write();
  };
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let every;
  write();
  return {
    node,
    async show() {
      if (every) return;
      // What is sent is of now: a line that stood there for a day would count a view of yesterday.
      every = setInterval(write, MINUTE_MS);
      app.events.addEventListener('state', heard);
      const { needs_key, sites: own } = await session();
      known = { ...known, needs_key, own };
      write();
    },
    stop() {
      clearInterval(every);
      every = undefined;
      app.events.removeEventListener('state', heard);
    },
  };
}
