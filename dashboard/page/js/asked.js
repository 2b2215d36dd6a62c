// The question, said back: the heading, what can be undone, and what whoever reads the numbers should know.

import { el, fill, set } from './dom.js';
import { isolated, pieces, spoken } from './names.js';
import { now } from './ask.js';
import { title, when, who } from './ranges.js';
import { int, zone } from './say.js';
import { session } from './session.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 * @typedef {{ kind: string, name: string | null, words: string, undo: Partial<View> }} Filter `name`: from outside; null where `words` say all
 */

/** A page's name on its own view is shown whole, up to so many characters. */
const WHOLE = 4_000;
const LONG_NAME = 60;
/** Of the sites that may be read, so many by name. */
const FEW_SITES = 3;

/** @param {App} app @returns {import('./types.js').Figure} */
export function asked(app) {
  const heading = el('h1');
  const [chips, range, whole, notes] = [el('ul.chips', { 'aria-label': 'Only' }), el('p'), el('div.whole'), el('div.notes')];
  const bound = el('p.apart', { hidden: true });
  void session().then(({ sites }) => {
    if (!sites) return;
    const more = sites.length > FEW_SITES && ` and ${int(sites.length - FEW_SITES)} others`;
    fill(bound, 'Only of these sites may be read here: ', sites.slice(0, FEW_SITES).map((site, i) => [i > 0 && ', ', isolated(site)]), more, '.');
    bound.hidden = false;
  });
  const head = (/** @type {View} */ view, /** @type {import('./types.js').Question | undefined} */ question) => {
    const ending = title(view, question);
    fill(heading, view.site && !view.page ? isolated(view.site) : whose(view), `, ${ending}`);
    document.title = `${view.page || view.site ? spoken(view.page || view.site) : whose(view)}, ${ending} – Footfall`;
    fillChips(app, chips, filters(view));
    fillWhole(whole, view.page);
  };
  return {
    node: el('div', el('div.asked', heading, chips, range), bound, whole, notes),
    wait() {
      head(app.view(), undefined);
      fill(range);
      fill(notes);
    },
    tell(series, view) {
      const { question } = series;
      head(view, question);
      const at = Math.min(now(), Date.parse(question.to) - 1);
      range.textContent = `${when(question, now())}, ${zone(at, question.tz)} · by ${question.unit} · ${who(question.agent)}`;
      fill(notes, series.notes.filter((note) => view.compare || !ofComparing.test(note)).map((note) => el('p.apart', note)));
    },
  };
}

/** Sentences about hours that are not compared: the number of the change says so where nothing else is compared. */
const ofComparing = /compared\.$/;

/**
 * What stands before the range in the heading.
 * @param {View} view
 */
export function whose(view) {
  if (view.page) return 'One page';
  if (view.prefix) return 'Some pages';
  return view.site || 'All sites';
}

/**
 * What of a view can be undone, in the order of the chips. Pure.
 * @param {View} view
 * @returns {Filter[]}
 */
export function filters(view) {
  /** @type {(Filter | false | '')[]} */
  const found = [
    view.site && { kind: 'site', name: view.site, words: '', undo: { site: '' } },
    view.prefix && { kind: 'pages that begin with', name: view.prefix, words: '', undo: { prefix: '' } },
    view.page && { kind: 'page', name: view.page, words: '', undo: { page: '' } },
    view.source !== null && { kind: 'source', name: view.source || null, words: view.source ? '' : '(no source given)', undo: { source: null } },
    view.agent && view.agent !== 'all' && { kind: '', name: null, words: who(view.agent), undo: { agent: '' } },
  ];
  return /** @type {Filter[]} */ (found.filter(Boolean));
}

/** @param {App} app @param {HTMLElement} chips @param {Filter[]} found */
function fillChips(app, chips, found) {
  chips.hidden = !found.length;
  const chip = (/** @type {Filter} */ { kind, name, words, undo }) =>
    el('li.chip', el('span', kind, ' ', name === null ? words : isolated(name)), el('a', { href: app.link(undo), 'aria-label': `No longer only ${kind} ${name === null ? words : spoken(name)}`.replace('  ', ' ') }, '×'));
  const all = Object.assign({}, ...found.map((each) => each.undo));
  fill(chips, found.map(chip), found.length > 1 && el('li', el('a.btn.quiet', { href: app.link(all) }, 'Undo all')));
}

/**
 * A name that the chip cannot show: all of it, to read and to copy.
 * @param {HTMLElement} whole
 * @param {string} page
 */
function fillWhole(whole, page) {
  const odd = page.length > LONG_NAME || pieces(page).some((piece) => typeof piece !== 'string');
  whole.hidden = !page || !odd;
  if (whole.hidden || whole.dataset.page === page) return;
  whole.dataset.page = page;
  const text = isolated(page, WHOLE);
  // It may be more than there is room for: then it scrolls, also by keys.
  set(text, { tabindex: 0, role: 'group', 'aria-label': 'The whole name' });
  const copy = el('button.btn', { type: 'button', onclick: () => copied(copy, page, text) }, 'Copy');
  fill(whole, text, copy);
}

/** @param {HTMLElement} button @param {string} name @param {HTMLElement} text selected where it cannot be copied */
async function copied(button, name, text) {
  try {
    await navigator.clipboard.writeText(name);
    button.textContent = 'Copied';
  } catch {
    window.getSelection()?.selectAllChildren(text);
    button.textContent = 'Selected';
  }
}
