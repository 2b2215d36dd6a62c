// The last half hour: what is confirmed, as it comes. It follows the question of the page.

import { parametersOf } from './address.js';
import { el, fill } from './dom.js';
import { feed } from './feed.js';
import { arrived, gist, head, heard, lastMinute, nothing, paused, total, trouble } from './live-words.js';
import { minuteBars } from './minutes.js';
import { named } from './names.js';
import { panel } from './panel.js';
import { int, second, THIN } from './say.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./live-words.js').Live} Live
 */

const ASKED = /** @type {const} */ (['site', 'page', 'prefix', 'source', 'agent']);
const ROWS = 8;
const EVERY_MS = 1_000;

/** @param {App} app @returns {import('./types.js').Panel} */
export function live(app) {
  const halt = pauseButton((now) => {
    if (now) since = 0;
    app.events.dispatchEvent(new CustomEvent('paused', { detail: now }));
    write();
  });
  const state = el('span.note');
  const frame = panel('', 'Live', { tools: [state, halt.node] });
  const [number, unit, wrong, note] = [el('strong.live-num'), el('span.note'), el('p.apart'), el('p.note')];
  const bars = el('div.minutes');
  const list = latestList(app);
  fill(frame.body, el('p', number, unit), bars, wrong, list.node, note);

  /** @type {Live | null} */
  let latest = null;
  let [asked, since, minute, lost] = ['', 0, 0, false];
  /** @type {{ stop: () => void } | null} */
  let following = null;
  const slowly = atMostEvery(EVERY_MS, write);

  /** @param {Live} found */
  function tell(found) {
    if (latest) since += arrived(latest, found);
    [latest, lost] = [found, false];
    slowly.ask();
    // Who stands in the panel hears it, once a minute.
    if (minute && lastMinute(found) > minute && !halt.now() && frame.node.contains(document.activeElement)) app.say(heard(found));
    minute = lastMinute(found);
  }

  function write() {
    fill(state, halt.now() ? paused(since) : head(latest, lost));
    if (halt.now()) return;
    const said = trouble(latest, lost);
    wrong.hidden = !said;
    fill(wrong, said);
    if (!latest) return;
    const [views, unitOf] = total(latest);
    number.textContent = views;
    unit.textContent = ` ${unitOf}`;
    fill(bars, minuteBars(latest.minutes));
    list.show(latest);
    fill(note, latest.notes.join(' '));
    frame.gist(said ? head(latest, lost) : gist(latest));
  }

  function wait() {
    [latest, lost] = [null, false];
    fill(number, el('span.ghost'));
    for (const each of [unit, bars, note, state]) fill(each);
    wrong.hidden = true;
    list.clear();
  }

  /** @param {import('./types.js').View} view @returns {Promise<void>} once there is something to see */
  function ask(view) {
    const question = parametersOf(view, ASKED);
    if (following && question.toString() === asked) return Promise.resolve();
    following?.stop();
    [asked, latest, minute, since] = [question.toString(), null, 0, 0];
    return new Promise((done) => {
      following = feed(question, {
        tell: (found) => {
          tell(found);
          done();
        },
        lost: () => {
          lost = true;
          slowly.ask();
          done();
        },
      });
    });
  }

  return {
    node: frame.node,
    show: frame.asking(ask, wait),
    stop() {
      following?.stop();
      following = null;
      slowly.stop();
      frame.stop();
    },
  };
}

/** @param {(paused: boolean) => void} turned */
function pauseButton(turned) {
  let now = false;
  const node = el('button.btn', { type: 'button', 'aria-pressed': 'false', onclick: turn }, 'Pause');
  function turn() {
    now = !now;
    node.setAttribute('aria-pressed', String(now));
    node.textContent = now ? 'Go on' : 'Pause';
    turned(now);
  }
  return { node, now: () => now };
}

/**
 * The latest views; rows stay as they are under a pointer, and while one of them has focus.
 * @param {App} app
 */
function latestList(app) {
  const rows = el('ul.latest', { 'aria-label': 'Latest views' });
  const none = el('p.empty');
  const node = el('div.latest-place', rows, none);
  /** @type {Live | null} */
  let due = null;
  let written = '';

  /** @param {Live} live */
  function show(live) {
    due = live;
    if (rows.matches(':hover') || rows.contains(document.activeElement)) return;
    const tz = app.view().tz || 'UTC';
    const found = live.latest.slice(0, ROWS);
    const text = JSON.stringify([found, tz]);
    rows.hidden = !found.length;
    none.hidden = found.length > 0;
    if (!found.length) none.textContent = nothing(live, tz);
    if (text === written) return;
    written = text;
    fill(rows, found.map(({ at, page, views }) => el('li', el('time', { datetime: at }, second(Date.parse(at), tz)), named(page, { href: app.link({ page, site: '', prefix: '', source: null }) }), views > 1 && el('b', `×${THIN}${int(views)}`))));
  }
  const now = () => void (due && requestAnimationFrame(() => due && show(due)));
  rows.addEventListener('pointerleave', now);
  rows.addEventListener('focusout', now);
  return {
    node,
    show,
    clear() {
      [due, written, none.textContent] = [null, '', ''];
      fill(rows);
    },
  };
}

/**
 * Does it now where it was not done just before, or else a little later; never more often.
 * @param {number} ms
 * @param {() => void} what
 */
function atMostEvery(ms, what) {
  let at = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const now = () => {
    [at, timer] = [Date.now(), undefined];
    what();
  };
  return {
    ask: () => void (timer ??= setTimeout(now, Math.max(0, at + ms - Date.now()))),
    stop: () => clearTimeout(timer),
  };
}
