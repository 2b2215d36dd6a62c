// The bar: site, range, unit, what it is compared with, who looked, and the zone. All of it is the address.

import { el, fill } from './dom.js';
import { isolated, spoken } from './names.js';
import { now } from './ask.js';
import { late } from './late.js';
import { AT_ONCE, picker, pop } from './pop.js';
import { before, dayAfter, isoDay, long, periodOf, SHORT } from './ranges.js';
import { zone, zoneName } from './say.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 * @typedef {import('./types.js').Question} Question
 */

const UNITS = [['hour', 'by hour'], ['day', 'by day'], ['week', 'by week'], ['month', 'by month']];
const PEOPLE = [['', 'people and robots'], ['person', 'people only'], ['robot', 'robots only'], ['unknown', 'without a user agent']];

/** The name of the service, and the way to its main page. @param {string} [href] */
export const brand = (href = '/') =>
  el('a.brand', { href }, el('svg', { width: 16, height: 16, viewBox: '0 0 16 16', 'aria-hidden': 'true' }, [[1, 9], [6.5, 5], [12, 1]].map(([x, y]) => el('rect', { x, y, width: 3, height: 15 - y }))), el('span', 'Footfall'));

/**
 * The bar of a page that asks nothing: with a way back.
 * @param {...import('./dom.js').Kids} kids
 * @returns {HTMLElement}
 */
export const bareBar = (...kids) => el('header.top', el('div.wrap', brand(), el('nav.push', { 'aria-label': 'Pages' }, kids)));

/**
 * It is told of each view, of each answer (`tell`, for what the service made of it), and of how many sites there are.
 * @param {App} app
 * @returns {import('./types.js').Panel & { tell: (question: Question) => void, sites: (count: number) => void }}
 */
export function bar(app) {
  let count = 0;
  /** @type {Question | undefined} */
  let question;
  const site = picker('Site', async (text, signal) => (await lists()).findSites(app, count, text, signal));
  const tz = picker('Time zone', async (text) => (await lists()).findZones(app, text));
  const ranges = rangesOf(app, () => question);
  const unit = select(app, 'Unit', 'unit');
  const compare = select(app, 'Compare', 'compare');
  const agent = select(app, 'Who looked', 'agent');
  const options = el('div.options', { id: 'options' }, unit.node, compare.node, agent.node, tz.node);
  const more = el('button.btn.more', { type: 'button', 'aria-expanded': 'false', 'aria-controls': 'options', onclick: () => more.setAttribute('aria-expanded', String(options.classList.toggle('open'))) }, 'Options');

  const tell = (/** @type {Question | undefined} */ found) => {
    question = found;
    const view = app.view();
    unit.show(UNITS, view.unit || found?.unit || guessed(view));
    ranges.show(view);
  };
  return {
    node: el('header.top', el('div.wrap', brand(), site.node, ranges.node, more, options)),
    sites(found) {
      count = found;
      site.node.hidden = count < 2 && !app.view().site;
    },
    async show(view) {
      site.name(view.site ? isolated(view.site, AT_ONCE) : 'All sites');
      tz.name(spoken(zoneName(view.tz || 'UTC')));
      compare.show([['', 'not compared'], ['previous', `with ${before(view)}`], ['year', 'with a year before']], view.compare);
      agent.show(PEOPLE, view.agent === 'all' ? '' : view.agent);
      tell(undefined);
    },
    tell,
  };
}

/** What there is to pick, once somebody picks. */
async function lists() {
  const made = await late(import('./picks.js'));
  if (!made) throw new Error('there is no answer');
  return made;
}

/** The unit that the service takes where none is given, before it says so. @param {View} view */
const guessed = (view) => (['24h', '7d', 'today'].includes(periodOf(view)) ? 'hour' : 'day');

/**
 * @param {App} app
 * @param {string} label
 * @param {'unit' | 'compare' | 'agent'} key
 */
function select(app, label, key) {
  const made = el('select', { 'aria-label': label, onchange: () => app.go({ [key]: made.value }) });
  return {
    node: el('span.pick.chev', made),
    /** @param {string[][]} options @param {string} chosen */
    show(options, chosen) {
      fill(made, options.map(([value, text]) => el('option', { value }, text)));
      made.value = chosen;
    },
  };
}

/**
 * @param {App} app
 * @param {() => Question | undefined} asked
 */
function rangesOf(app, asked) {
  const links = Object.keys(SHORT).map((period) => [period, el('a', { 'aria-label': `${SHORT[period]}, ${long(period)}` }, SHORT[period])]);
  const [from, to] = [dateField('From'), dateField('To, included')];
  const zoned = el('p.note');
  const custom = el('button.btn', { type: 'button' }, 'Custom');
  const form = el('form.sheet.dates', { onsubmit: submitted }, from.node, to.node, zoned, el('button.btn.main', 'Show'));
  const { node, close } = pop(custom, form, { opened });

  function opened() {
    const tz = app.view().tz || 'UTC';
    const known = asked();
    from.field.value = isoDay(known ? Date.parse(known.from) : now() - 6 * 86_400_000, tz);
    to.field.value = isoDay(Math.min(known ? Date.parse(known.to) - 1 : now(), now()), tz);
    from.field.setCustomValidity('');
    zoned.textContent = `Whole days, ${zone(now(), tz)}`;
  }
  /** @param {Event} event */
  function submitted(event) {
    event.preventDefault();
    const [first, last] = [from.field.value, to.field.value];
    from.field.setCustomValidity(first > last ? 'The first day is after the last.' : '');
    if (!form.reportValidity()) return;
    close();
    custom.focus();
    app.go({ from: first, to: dayAfter(last), unit: '' });
  }
  form.addEventListener('input', () => from.field.setCustomValidity(''));

  return {
    node: el('nav.ranges.seg', { 'aria-label': 'Range' }, links.map(([, link]) => link), node),
    /** @param {View} view */
    show(view) {
      const period = periodOf(view);
      for (const [each, link] of links) {
        link.href = app.link({ period: each === '7d' ? '' : each, unit: '' });
        if (each === period) link.setAttribute('aria-current', 'true');
        else link.removeAttribute('aria-current');
      }
      custom.classList.toggle('on', !(period in SHORT));
    },
  };
}

/** @param {string} label */
function dateField(label) {
  const field = el('input.field', { type: 'date', required: true });
  return { field, node: el('label', el('span.note', label), field) };
}
