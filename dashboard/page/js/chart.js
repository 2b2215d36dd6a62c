// The chart of the page: what it shows, what stands around it, and zooming.

import { RANGE, parametersOf } from './address.js';
import { now } from './ask.js';
import { cellsOf, gapText, sumOf, wordsOf } from './buckets.js';
import { el, fill, set, sr } from './dom.js';
import { spoken } from './names.js';
import { plot } from './plot.js';
import { rail } from './rail.js';
import { before as rangeBefore, title, when, who } from './ranges.js';
import { plural, second, zone } from './say.js';
import { late } from './late.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 * @typedef {import('./types.js').Series} Series
 * @typedef {import('./buckets.js').Cell} Cell
 * @typedef {{ series: Series, view: View, cells: Cell[], before: Cell[] | null, unit: string, tz: string }} Shown
 */

const ASKED = /** @type {const} */ (['site', 'page', 'prefix', 'source', ...RANGE, 'unit', 'compare']);

/** @param {App} app @returns {import('./types.js').Figure} */
export function chart(app) {
  /** @type {Shown | null} */
  let shown = null;
  let drawn = { left: 0, top: 0, high: 0, room: 1, bars: true };
  /** Ranges that were zoomed into, and where from: so that going back and forth keeps the way out. @type {Map<string, Partial<View>>} */
  const zooms = new Map();

  const [shapes, brush, cursor] = [el('g.shapes'), el('rect.brush'), el('rect.cursor')];
  const svg = el('svg.plot', { 'aria-hidden': 'true' }, shapes, brush, cursor);
  const box = el('div.chart', svg);
  const read = el('p.read', { onpointerdown: () => line.drop() });
  const legend = el('ul.legend', { 'aria-hidden': 'true' });
  /** @type {import('./twin.js').Twin | null} */
  let table = null;
  const figure = el('figure', { role: 'group', 'aria-label': 'Views' });
  const line = rail(box, {
    index: (x) => (x < drawn.left || !shown ? -1 : Math.min(shown.cells.length - 1, Math.floor((x - drawn.left) / drawn.room))),
    words: (reading) => said(reading).join(''),
    read: (reading) => {
      const [what, number, more] = said(reading);
      fill(read, what, number && el('strong', number), more);
      point(reading);
    },
    zoom,
  });
  box.append(line.input);

  const undo = el('a.btn.quiet', { hidden: true }, 'Undo zoom');
  const csv = el('a.btn.quiet', { download: '' }, 'CSV');
  const keep = el('button.btn.quiet', { type: 'button', onclick: () => shown && void saved(shown) }, sr('Save as '), 'Picture');
  const other = el('button.btn.quiet', { type: 'button', 'aria-expanded': 'false', onclick: () => turn(other.getAttribute('aria-expanded') !== 'true') }, 'Table');
  fill(figure, patterns(), el('div.chart-head', legend, read, el('span.tools', undo, other, keep, csv)), box);

  /** @param {import('./rail.js').Reading} reading @returns {string[]} */
  function said({ at, marked }) {
    if (!shown || at < 0) return [];
    const { cells, before, unit, tz } = shown;
    return marked ? sumOf(cells.slice(marked[0], marked[1] + 1), unit, tz) : wordsOf(cells[at], before?.[at], unit, tz);
  }

  /** @param {import('./rail.js').Reading} reading */
  function point({ at, marked }) {
    const { left, top, high, room } = drawn;
    const over = (/** @type {number} */ from, /** @type {number} */ to) => ({ x: left + from * room, width: Math.max(1, (to - from) * room) });
    set(cursor, { ...over(at, at + 1), y: top - 4, height: high + 8, visibility: at < 0 ? 'hidden' : null });
    set(brush, { ...over(marked?.[0] ?? 0, (marked?.[1] ?? 0) + 1), y: top, height: high, visibility: marked ? null : 'hidden' });
  }

  function draw() {
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (!width) return;
    if (!shown?.cells.length) return fill(shapes);
    const k = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const found = plot({ ...shown, width, height, k });
    drawn = found;
    set(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    fill(shapes, found.shapes.map((shape) => el(shape.spec, shape.at, shape.text)));
    fill(legend, keysOf(shown, found.bars));
    point(line.reading());
  }

  /** @param {boolean} open the table in place of the chart */
  async function turn(open) {
    set(other, { 'aria-expanded': String(open) });
    other.textContent = open ? 'Chart' : 'Table';
    if (open && !table) {
      const made = (await late(import('./twin.js')))?.twin();
      if (made) figure.append((table = made).node);
    }
    box.hidden = keep.hidden = open;
    if (!open) table?.hide();
    else if (shown) table?.show({ ...shown, total: shown.series.total });
  }

  /** @param {number} from @param {number} to index of the last bucket */
  function zoom(from, to) {
    if (!shown || (from === to && shown.unit === 'hour')) return;
    const { cells, series, view, unit } = shown;
    if (from === 0 && to === cells.length - 1) return;
    const edge = (/** @type {string} */ text) => (unit !== 'hour' && text.slice(11, 19) === '00:00:00' ? text.slice(0, 10) : text);
    const range = { from: edge(series.buckets[from].from), to: edge(series.buckets[to].to) };
    zooms.set(key(range), { period: view.period, from: view.from, to: view.to, unit: view.unit });
    app.go({ ...range, unit: '' });
  }

  /** @param {Shown} what */
  async function saved({ series, view, before }) {
    const made = await late(import('./picture.js'));
    if (!made) return;
    const { question, complete_until: until } = series;
    const name = view.page || view.prefix || view.site;
    const whose = name ? spoken(name) : 'All sites';
    const notes = [
      `${when(question, now())}, ${zone(Date.parse(question.from), question.tz)} · by ${question.unit} · ${who(question.agent)}${view.source === null ? '' : ` · source ${view.source ? spoken(view.source) : '(no source given)'}`}`,
      `${plural(series.total, 'view')}${until ? ` · complete until ${until.slice(0, 10)} ${second(Date.parse(until), 'UTC')} UTC` : ''}${before ? ` · grey: ${beforeText(view)}` : ''}`,
    ];
    made.save(await made.picture(svg, `${whose}, ${title(view, question)}`, notes), `footfall-${question.from.slice(0, 10)}.png`);
  }

  const watch = new ResizeObserver(draw);
  watch.observe(box);
  return {
    node: el('section.views', { 'aria-label': 'Views over time' }, figure, el('p.sr', { id: 'chart-keys' }, 'Arrow keys move, Shift and arrow keys mark, Enter zooms to what is marked.')),
    wait() {
      set(figure, { 'aria-busy': 'true' });
      csv.href = `/stats/views?${parametersOf(app.view(), ASKED, { format: 'csv' })}`;
    },
    tell(series, view) {
      const { unit, tz } = series.question;
      const how = { unit, complete: series.complete_until === null ? null : Date.parse(series.complete_until), now: now() };
      const reading = shown && line.reading().at >= 0 ? shown.cells[line.reading().at].from : NaN;
      const same = shown?.cells[0]?.from;
      shown = { series, view, unit, tz, cells: cellsOf(series.buckets, how), before: series.compare ? cellsOf(series.compare.buckets, how) : null };
      set(figure, { 'aria-busy': null, 'aria-label': `${plural(series.total, 'view')} in ${plural(series.buckets.length, unit)}` });
      csv.href = `/stats/views?${parametersOf(view, ASKED, { format: 'csv' })}`;
      const before = zooms.get(key(view));
      if (!before && document.activeElement === undo) line.input.focus();
      set(undo, { hidden: !before, href: before ? app.link(before) : null });
      line.fit(shown.cells.length, shown.cells.findIndex((cell) => cell.from === reading), same === shown.cells[0]?.from);
      draw();
      if (table && !table.node.hidden) table.show({ ...shown, total: series.total });
    },
    stop: () => watch.disconnect(),
  };
}

/** @param {{ from: string, to: string }} range */
const key = ({ from, to }) => `${from} ${to}`;

/** What the grey line is of. @param {View} view */
const beforeText = (view) => (view.compare === 'year' ? 'a year before' : rangeBefore(view));

/** What shapes mean, of those that are there. @param {Shown} shown @param {boolean} bars */
function keysOf({ cells, before, unit, view }, bars) {
  const of = (/** @type {string} */ text, /** @type {any[]} */ ...shape) => el('li', el('svg', { width: 14, height: 12, 'aria-hidden': 'true' }, shape), text);
  const across = (/** @type {string} */ spec) => el(spec, { d: 'M0 6h14' });
  return [
    of(`views by ${unit}`, bars ? el('rect.bar', { x: 2, y: 1, width: 10, height: 10 }) : across('path.curve')),
    before && of(beforeText(view), across('path.was')),
    cells.some((cell) => cell.kind === 'part') && of('not complete', bars ? el('rect.part', { x: 2.5, y: 1.5, width: 9, height: 9 }) : across('path.curve.later')),
    cells.some((cell) => cell.kind === 'later') && of(gapText('later'), el('rect.gap', { x: 2, y: 1, width: 10, height: 10 })),
  ];
}

/** Fills of what is known in part, and of what is not known; of the legend too, where the table is in the place of the chart. */
const patterns = () =>
  el('svg.patterns', { width: 0, height: 0, 'aria-hidden': 'true' }, el('defs', [['part', 5], ['gap', 8]].map(([name, size]) =>
    el('pattern', { id: `chart-${name}`, width: size, height: size, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, el(`line.p-${name}`, { x1: 1, x2: 1, y1: 0, y2: size })))));
