// The frame of a panel: heading, tools, folded on phones, its height before there is anything, and what failed in it.

import { AskError } from './ask.js';
import { el, fill } from './dom.js';

/**
 * @typedef {import('./types.js').View} View
 * @typedef {import('./types.js').Panel} Panel
 * @typedef {{ signal: AbortSignal, quiet: boolean }} How
 */

/**
 * `gist`: its main fact, beside the heading while it is folded; `asking` makes the `show` of a panel: `ask` is not
 * called while it is folded, `wait` puts grey blocks in place of numbers that are late.
 * @typedef {object} Frame
 * @property {HTMLElement} node
 * @property {HTMLElement} body
 * @property {(text: string) => void} gist
 * @property {() => boolean} folded
 * @property {(ask: (view: View, how: How) => Promise<void>, wait: () => void) => Panel['show']} asking
 * @property {() => void} stop
 */

const PHONE = '(max-width: 39.99em)';
const WAIT_MS = 150;
/** What concerns the whole page, not this panel alone. */
const EVERYWHERE = ['silent', 'away', 'locked', 'often'];

/**
 * @param {string} spec its classes, as in `panel.lists`; '' for none
 * @param {string} title
 * @param {object} [parts]
 * @param {import('./dom.js').Kids} [parts.tools] right of the heading, folded with the rest
 * @param {import('./dom.js').Kids} [parts.beside] right beside the heading
 * @param {boolean} [parts.open] never folded
 * @returns {Frame}
 */
export function panel(spec, title, { tools, beside, open = false } = {}) {
  const id = `h-${title.toLowerCase().replace(/\W+/g, '-')}`;
  const body = el('div.body');
  const fault = el('p.apart', { hidden: true });
  const gist = el('span.gist');
  const fold = el('button.btn.quiet.fold', { type: 'button', 'aria-expanded': 'false', 'aria-describedby': id, onclick: turned }, 'Show');
  const header = el('header', el('h2', { id }, title), beside, !open && [gist, fold], tools && el('div.tools', tools));
  const node = el(['section.panel', !open && 'shut', spec].filter(Boolean).join('.'), { 'aria-labelledby': id }, header, fault, body);
  const phone = window.matchMedia(PHONE);
  /** @type {() => void} */
  let opened = () => {};
  const folded = () => phone.matches && node.classList.contains('shut');
  const widened = () => folded() || opened();
  phone.addEventListener('change', widened);

  function turned() {
    const shown = !node.classList.toggle('shut');
    fold.setAttribute('aria-expanded', String(shown));
    fold.textContent = shown ? 'Hide' : 'Show';
    if (shown) opened();
  }

  /** @param {(view: View, how: How) => Promise<void>} ask @param {() => void} wait @returns {Panel['show']} */
  function asking(ask, wait) {
    let [known, due] = [false, false];
    /** @type {[View, How]} */
    let latest;
    let asked = new AbortController();
    wait();
    opened = () => void (due && show(latest[0], { ...latest[1], quiet: false }).catch(() => undefined));

    /** @param {View} view @param {How} how */
    async function show(view, how) {
      latest = [view, how];
      due = folded();
      if (due && !how.quiet) [known, gist.textContent] = [false, ''];
      asked.abort();
      const mine = (asked = new AbortController());
      if (due) return node.removeAttribute('aria-busy');
      // An answer that was overtaken by another question is dropped.
      const signal = AbortSignal.any([how.signal, mine.signal]);
      const late = how.quiet ? undefined : setTimeout(late_, known ? WAIT_MS : 0);
      if (!how.quiet) node.setAttribute('aria-busy', 'true');
      try {
        await ask(view, { ...how, signal });
        known = true;
        [fault.hidden, body.hidden] = [true, false];
      } catch (error) {
        if (signal.aborted || !(error instanceof AskError)) throw error;
        failed(error, known && how.quiet);
        if (EVERYWHERE.includes(error.kind)) throw error;
      } finally {
        clearTimeout(late);
        if (mine === asked) node.removeAttribute('aria-busy');
      }
    }
    function late_() {
      known = false;
      [fault.hidden, body.hidden] = [true, false];
      wait();
    }
    /** @param {AskError} error @param {boolean} stays whether what is shown answers the same question */
    function failed(error, stays) {
      // The page says it once for all, as long as there is something to look at.
      if (stays && EVERYWHERE.includes(error.kind)) return;
      known = stays;
      body.hidden = !stays;
      const again = () => void show(latest[0], { signal: new AbortController().signal, quiet: stays }).catch(() => undefined);
      fill(fault, `No answer to this: ${error.message}. `, el('button.btn.quiet', { type: 'button', onclick: again }, 'Ask again'));
      fault.hidden = false;
    }
    return show;
  }

  return {
    node,
    body,
    folded,
    asking,
    gist: (text) => void (gist.textContent = text),
    stop: () => phone.removeEventListener('change', widened),
  };
}
