// The trust strip: one line while all is well, a band that begins with what is still sure while not.

import { el, fill, sr } from './dom.js';
import { icon, SAID } from './icon.js';
import { late } from './late.js';
import { zoneOrUtc } from './say.js';
import { standing, steady } from './standing.js';
import { watch } from './watch.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').Panel} Panel
 * @typedef {ReturnType<typeof steady>} Shown
 */

/** @type {WeakMap<App, Panel>} one for a page, whichever of its places is shown */
const strips = new WeakMap();

/** @param {App} app @returns {Panel} */
export function trust(app) {
  const found = strips.get(app) ?? strip(app);
  strips.set(app, found);
  return found;
}

/** @param {App} app @returns {Panel} */
function strip(app) {
  const says = el('div.says', el('strong.lead'), el('ul.facts'));
  const alarm = el('p.sr', { role: 'alert' });
  const box = el('div', { id: 'proof', hidden: true });
  /** @type {ReturnType<typeof import('./proof.js').proof> | undefined} what it opens to, once somebody has opened it */
  let details;
  const toggle = el('button.btn.quiet', { type: 'button', 'aria-expanded': 'false', 'aria-controls': 'proof', onclick: () => void open(Boolean(box.hidden)) }, 'Details');
  const mark = el('span.mark');
  const node = el('section.trust.wait', { 'aria-label': 'How complete this is', onkeydown: close }, el('div.line.wrap', mark, says, toggle), box, alarm);

  /** @type {Shown | null} */
  let shown = null;
  let written = '';
  let tz = 'UTC';
  const watched = watch(app, tell, () => !box.hidden || shown?.kind === 'warn' || shown?.kind === 'bad');

  /** @param {import('./watch.js').Watched} known */
  function tell(known) {
    const before = shown?.kind;
    shown = steady(shown, standing({ ...known, tz }), known.now);
    if (!box.hidden) details?.tell(known);
    const text = JSON.stringify([shown.kind, shown.lead, shown.facts]);
    if (text === written) return;
    written = text;
    write(shown);
    if (shown.kind !== before) announce(shown, before);
  }

  /** @param {Shown} found */
  function write({ kind, lead, facts }) {
    if (!node.classList.contains(kind)) {
      node.className = `trust ${kind}`;
      fill(mark, kind !== 'wait' && icon(kind));
    }
    fill(says.firstChild, kind !== 'wait' && sr(SAID[kind]), lead);
    fill(says.lastChild, facts.map((fact, i) => el(kind === 'ok' && i > 0 ? 'li.opt' : 'li', `${fact} `)));
  }

  /** Red is an alarm, once; the others are told politely. @param {Shown} found @param {string} [before] */
  function announce({ kind, lead, facts }, before) {
    alarm.textContent = kind === 'bad' ? `${SAID.bad}${[lead, ...facts].join(' ')}` : '';
    if (kind === 'warn') app.say(`${SAID.warn}${[lead, ...facts].join(' ')}`);
    if (kind === 'ok' && before && before !== 'wait') app.say(`${SAID.ok}${lead}`);
  }

  /** @param {boolean} wanted */
  async function open(wanted) {
    const made = wanted && !details && (await late(import('./proof.js')));
    if (made) box.append((details ??= made.proof(app)).node);
    if (wanted && !details) return;
    box.hidden = !wanted;
    toggle.textContent = wanted ? 'Close' : 'Details';
    toggle.setAttribute('aria-expanded', String(wanted));
    if (!wanted) return;
    watched.now();
    void details?.opened();
  }

  /** @param {KeyboardEvent} event */
  function close(event) {
    if (event.key !== 'Escape' || box.hidden) return;
    event.stopPropagation();
    void open(false);
    toggle.focus();
  }

  return {
    node,
    async show(view, { quiet }) {
      tz = zoneOrUtc(view.tz || 'UTC');
      if (!quiet) watched.forget();
      details?.ask(view);
      watched.start();
    },
    stop: watched.stop,
  };
}
