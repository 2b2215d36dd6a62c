// The main page: what is asked, in which order, and what stands where.

import { RANGE, parametersOf } from './address.js';
import { AskError } from './ask.js';
import { asked, whose } from './asked.js';
import { chart } from './chart.js';
import { el, fill } from './dom.js';
import { nothingInRange, troubleLine } from './faults.js';
import { changeSaid, openHour, wholeOf } from './figures.js';
import { frame } from './frame.js';
import { hours } from './hours.js';
import { late } from './late.js';
import { live } from './live.js';
import { movers } from './movers.js';
import { now } from './ask.js';
import { spoken } from './names.js';
import { numbers } from './numbers.js';
import { title } from './ranges.js';
import { keepFresh } from './refresh.js';
import { clock, plural } from './say.js';
import { sites } from './sites.js';
import { sources } from './sources.js';
import { topPages } from './top-pages.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 * @typedef {import('./types.js').Series} Series
 * @typedef {import('./types.js').Panel} Panel
 */

const WAIT_MS = 150;
const FIRST_VIEW_MS = 1_000;
const PARTS = /** @type {[string, (app: App) => Panel][]} */ ([
  ['pages', topPages], ['live', live], ['sources', sources], ['movers', movers], ['sites', sites], ['hours', hours],
]);
const SELECTED = /** @type {const} */ (['site', 'page', 'prefix', 'source', ...RANGE]);

/** @param {App} app @returns {import('./main.js').Place} */
export function counts(app) {
  const main = el('main.wrap', { id: 'main', tabindex: -1 });
  const around = frame(app, main);
  const [said, four, drawn, line] = [asked(app), numbers(app), chart(app), troubleLine()];
  const parts = PARTS.map(([name, made]) => {
    const part = made(app);
    part.node.classList.add(`at-${name}`);
    return part;
  });
  const [pages, ...rest] = parts;
  const empty = el('div.empty', { hidden: true });
  pages.node.append(empty);
  const grid = el('div.panels', parts.map((part) => part.node));
  const body = [said.node, line.node, four.node, drawn.node, grid];
  /** @type {Panel | undefined} first steps, while nothing is counted */
  let beginning;
  /** @type {'page' | 'first' | 'wrong' | ''} what stands in `main` */
  let mode = '';
  /** @type {Series | null} */
  let shown = null;
  let asking = new AbortController();
  let counted = false;

  /** @param {'page' | 'first' | 'wrong'} next @param {HTMLElement} [node] */
  function put(next, node) {
    if (mode === next && next !== 'wrong') return;
    mode = next;
    around.bare(next === 'first' ? el('a', { href: '/operations' }, 'Operations') : null);
    fill(main, node ?? body);
  }

  /** @param {{ quiet: boolean }} how */
  async function all({ quiet }) {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const view = app.view();
    if (!quiet && mode !== 'first') put('page');
    around.show(view, { signal, quiet });
    const waits = quiet ? undefined : setTimeout(waiting, shown ? WAIT_MS : 0);
    const listed = settled(pages.show(view, { signal, quiet }));
    let series;
    try {
      series = await series_(view, signal);
    } finally {
      clearTimeout(waits);
    }
    if (series.total === 0 && !counted) {
      if (await nobody(signal)) return;
      series = await series_(view, signal);
    }
    counted = true;
    beginning?.stop?.();
    put('page');
    tell(series, view, quiet);
    const failures = await Promise.all([listed, settled(beside(view, series, signal)), settled(bounds(signal)), ...rest.map((part) => settled(part.show(view, { signal, quiet })))]);
    const failure = failures.find((each) => each && !(each instanceof AskError && each.kind === 'refused'));
    if (failure) throw failure;
  }

  function waiting() {
    shown = null;
    for (const figure of [said, four, drawn]) figure.wait();
    four.node.setAttribute('aria-busy', 'true');
  }

  /** @param {View} view @param {AbortSignal} signal @returns {Promise<Series>} */
  function series_(view, signal) {
    const parameters = parametersOf(view, [...SELECTED, 'unit', 'compare']);
    if (!view.compare) parameters.set('compare', 'previous');
    return app.ask('/stats/views', parameters, signal);
  }

  /** @param {Series} series @param {View} view @param {boolean} quiet */
  function tell(series, view, quiet) {
    four.node.removeAttribute('aria-busy');
    around.tell(series.question);
    // While a bucket is being read the range stays where it is.
    const moved = shown?.buckets[0]?.from !== series.buckets[0]?.from;
    if (quiet && moved && shown && drawn.node.querySelector('.chart')?.matches(':hover, :focus-within')) return;
    shown = series;
    said.tell(series, view);
    four.tell(series, view);
    drawn.tell(view.compare ? series : { ...series, compare: undefined }, view);
    empty.hidden = series.total > 0;
    if (!quiet) app.say(announced(series, view));
  }

  /** What is said of the series beside it: the open hour, and all that a part is a part of. @param {View} view @param {Series} series @param {AbortSignal} signal */
  async function beside(view, series, signal) {
    const whole = wholeOf(view);
    const asks = [];
    if (!openHour(series, now())) asks.push(hour(view, signal));
    if (whole) {
      const { from, to } = series.question;
      const parameters = parametersOf({ ...view, ...whole.changes, period: '', from, to }, SELECTED, { unit: 'month' });
      asks.push(app.ask('/stats/views', parameters, signal).then((found) => four.of({ total: found.total, words: whole.words })));
    } else four.of(null);
    await Promise.all(asks);
  }

  /** @param {View} view @param {AbortSignal} signal */
  async function hour(view, signal) {
    four.hour(await app.ask('/stats/views', parametersOf(view, ['site', 'page', 'prefix', 'source', 'tz', 'agent'], { period: '24h', unit: 'hour' }), signal));
  }

  /** @param {AbortSignal} signal */
  async function bounds(signal) {
    const found = await app.ask('/stats/bounds', new URLSearchParams({ count: 'none' }), signal);
    around.sites(found.sites);
    if (shown?.total === 0) fill(empty, nothingInRange(app, found.last));
  }

  /** Whether nothing was ever counted: then the first steps stand here. @param {AbortSignal} signal */
  async function nobody(signal) {
    const found = await app.ask('/stats/bounds', new URLSearchParams({ count: 'none' }), signal);
    if (found.first !== null) return false;
    const made = beginning ? null : await late(import('./first.js'));
    if (signal.aborted) return true;
    beginning ??= made?.first(app);
    if (!beginning) return false;
    document.title = 'Footfall';
    put('first', beginning.node);
    shown = null;
    await beginning.show(app.view(), { signal, quiet: true });
    return true;
  }

  async function pulse() {
    const { signal } = asking;
    if (mode === 'first') return (await nobody(signal)) ? undefined : all({ quiet: false });
    const view = app.view();
    if (shown && openHour(shown, now())) return tell(await series_(view, signal), view, true);
    return hour(view, signal);
  }

  /** @param {{ error: AskError, again: number } | null} trouble */
  function trouble(trouble) {
    const kind = trouble?.error.kind;
    if (kind === 'locked') window.location.assign(`/sign-in?to=${encodeURIComponent(window.location.pathname + window.location.search)}`);
    else if (trouble && kind === 'refused') void refused(trouble.error, asking.signal);
    else line.say(trouble, shown !== null);
  }

  /** @param {AskError} error @param {AbortSignal} signal */
  async function refused(error, signal) {
    const made = await late(import('./wrong-link.js'));
    if (!made || signal.aborted) return;
    document.title = 'Footfall';
    put('wrong', made.wrongLink(app, error));
  }

  const fresh = keepFresh({ all, pulse, trouble, every: () => (mode === 'first' ? FIRST_VIEW_MS : undefined) });
  const heard = /** @type {[string, (event: any) => void][]} */ ([
    ['paused', (event) => fresh.pause(Boolean(event.detail))],
    ['state', (event) => event.detail?.database?.answers && fresh.reconnected()],
  ]);
  for (const [name, hear] of heard) app.events.addEventListener(name, hear);

  return {
    nodes: around.nodes,
    show: () => fresh.restart(),
    stop() {
      asking.abort();
      fresh.stop();
      line.stop();
      around.stop();
      for (const part of [said, four, drawn, beginning, ...parts]) part?.stop?.();
      for (const [name, hear] of heard) app.events.removeEventListener(name, hear);
    },
  };
}

/**
 * What a screen reader hears of a new answer. Pure.
 * @param {Series} series
 * @param {View} view
 * @returns {string}
 */
export function announced(series, view) {
  const { words } = changeSaid(series);
  const until = series.complete_until ? `, complete until ${clock(Date.parse(series.complete_until), 'UTC')} UTC` : '';
  return `${view.page ? `Only page ${spoken(view.page)}` : view.site ? spoken(view.site) : whose(view)}, ${title(view, series.question)}: ${plural(series.total, 'view')}${words ? `, ${words}` : ''}${until}`;
}

/** The failure of what failed; nothing of what went well, or is no longer waited for. @param {Promise<unknown>} work */
const settled = (work) => work.then(() => null, (error) => (error?.name === 'AbortError' ? null : error));
