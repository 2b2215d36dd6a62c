// How the service does, for operators: read only, asked again every two seconds while somebody looks.

import { ask, AskError } from './ask.js';
import { el, fill } from './dom.js';
import { frame } from './frame.js';
import { grid } from './grid.js';
import { icon } from './icon.js';
import { buildingSaid, caughtUp, generationState, known, partitionState, spans, time, troubles } from './operations-words.js';
import { sampled } from './pace.js';
import { aside, keptOf } from './proof-words.js';
import { pairs } from './proof.js';
import { compares, inOrder } from './reasons.js';
import { clock, date, duration, int } from './say.js';

const EVERY_MS = 2_000;

/** @param {import('./types.js').App} app @returns {import('./main.js').Place} */
export function operations(app) {
  const [building, partitions, owners, generations] = [rebuild(), partitionTable(), ownerTable(), generationTable()];
  const body = el('div.panels', building.node, partitions.node, owners.node, generations.node);
  const note = el('div', { role: 'status' });
  const main = el('main.wrap', { id: 'main', tabindex: -1 }, el('div.asked', el('h1', 'Operations'), el('p', 'Read only: nothing here changes a count. All times UTC.')), note, body);
  const parts = [building, partitions, owners, generations];
  const back = el('a', 'Back to the counts');
  const around = frame(app, main, { back });
  let stop = () => {};

  /** @param {any} told */
  function tell(told) {
    const now = told.known_at ? Date.parse(told.known_at) : Date.now();
    for (const part of parts) part.tell(told, now);
    body.hidden = false;
    fill(note, !told.log.answers && told.log.reason && el('p.apart', `The log does not answer: ${told.log.reason}.`));
  }

  /** @param {unknown} error */
  function lost(error) {
    if (!(error instanceof AskError)) return;
    const { kind, status, message } = error;
    if (kind === 'locked') body.hidden = true;
    fill(note, kind === 'locked' ? refused(status) : body.hidden && el('p.empty', `${message}.`));
  }

  body.hidden = true;
  return {
    nodes: around.nodes,
    show(view) {
      stop();
      document.title = 'Operations · Footfall';
      back.href = app.link({ place: '/' });
      around.show(view, { signal: new AbortController().signal, quiet: false });
      stop = repeat(tell, lost);
    },
    stop() {
      stop();
      around.stop();
    },
  };
}

/** @param {number} status */
const refused = (status) => el('p.empty', status === 403 ? 'This key may look at numbers only. Operations are shown to keys with the right admin. ' : 'Operations are shown to keys with the right admin. ', el('a', { href: '/sign-in?to=/operations' }, 'Sign in'));

/** @param {(told: any) => void} tell @param {(error: unknown) => void} lost */
function repeat(tell, lost) {
  const stopped = new AbortController();
  const { signal } = stopped;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  async function once() {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      tell(await ask('/stats/operations', undefined, signal));
    } catch (error) {
      if (!signal.aborted) lost(error);
    }
    if (!signal.aborted) timer = setTimeout(once, EVERY_MS);
  }
  document.addEventListener('visibilitychange', once, { signal });
  void once();
  return () => {
    stopped.abort();
    clearTimeout(timer);
  };
}

/** @param {string} spec @param {string} title @param {...import('./dom.js').Kids} kids */
const block = (spec, title, ...kids) => el(`section.block.${spec}`, el('header', el('h2', title), kids[0]), kids.slice(1));

function rebuild() {
  const [phases, counted, facts, left] = [el('ol.phases'), el('span'), el('span.note'), el('p.apart')];
  const title = el('h2');
  const fillOf = el('i');
  const meter = el('div.meter', { role: 'progressbar', 'aria-label': 'Built', 'aria-valuemin': 0, 'aria-valuemax': 100 }, fillOf);
  const node = el('section.block.at-building', { hidden: true }, el('header', title), phases, meter, el('p.more-row', counted, facts), left);
  /** @type {import('./pace.js').Sample[]} */
  let samples = [];
  let phase = '';
  return {
    node,
    /** @param {any} told @param {number} now */
    tell({ building, generation }, now) {
      node.hidden = !building;
      if (!building) return;
      if (phase !== building.phase) [phase, samples] = [building.phase, []];
      samples = sampled(samples, { at: now, n: building.done });
      const said = buildingSaid(building, samples, generation);
      title.textContent = said.title;
      fill(phases, said.phases.map((each) => el('li', { 'aria-current': each.now && 'step' }, each.name, each.done && ' ✓')));
      const percent = said.progress === null ? null : Math.floor(said.progress * 1_000) / 10;
      meter.hidden = percent === null;
      if (percent !== null) meter.setAttribute('aria-valuenow', String(percent));
      fillOf.style.setProperty('--w', `${percent ?? 0}%`);
      fill(counted, said.counted);
      fill(facts, said.facts);
      left.hidden = !said.left;
      fill(left, said.left);
    },
  };
}

function partitionTable() {
  const rest = el('span.note.tools');
  const wrong = el('div');
  const table = grid('Partitions', [{ name: 'No.', left: true }, { name: 'State', left: true }, { name: 'Batches behind' }, { name: 'Complete until' }, { name: 'Owner', left: true }, { name: 'Counted to offset' }, { name: 'Log ends at' }]);
  return {
    node: block('at-parts', 'Partitions', rest, table.node, wrong),
    /** @param {any} told @param {number} now */
    tell({ partitions }, now) {
      fill(rest, caughtUp(partitions));
      table.rows(
        partitions.map((/** @type {any} */ each) => {
          const [light, word] = partitionState(each.state);
          const state = { key: each.state, make: () => [el('span.state', icon(light), word)] };
          return { off: light === 'bad', cells: [String(each.partition), state, known(each.behind), time(each.complete_until, now), each.owner ?? 'nobody', known(each.folded_to), known(each.log_end)] };
        }),
      );
      fill(wrong, troubles(partitions).map((text) => el('p.apart', text)));
    },
  };
}

function ownerTable() {
  const table = grid('Owners', [{ name: 'Projector', left: true }, { name: 'Partitions' }, { name: 'Seen' }]);
  const beside = el('div.beside');
  return {
    node: block('at-owners', 'Owners', null, table.node, beside),
    /** @param {any} told @param {number} now */
    tell({ projectors, retention, jobs, dead_letters: letters, audits, generation }, now) {
      table.rows(
        projectors.map((/** @type {any} */ each) => ({
          cells: [each.version ? `${each.name}, ${each.version}` : each.name, int(each.partitions.length), `${duration(Math.max(1, each.seen_seconds_ago) * 1_000)} ago`],
        })),
      );
      const { rows } = keptOf({ horizon: retention?.horizon ?? null, retention_days: retention ? retention.days : undefined });
      const of = inOrder(audits.filter((/** @type {any} */ each) => each.generation === generation));
      fill(
        beside,
        pairs('Kept', [...rows, ...aside(letters)]),
        pairs('Audits', of.length ? of.map((/** @type {any} */ each) => [compares(each.kind), `${time(each.at, now).slice(0, -3)}, difference ${int(each.difference)}`]) : [['Last', 'not yet']]),
        pairs('Jobs', jobs.map((/** @type {any} */ each) => [each.name, each.owner ?? 'nobody'])),
      );
    },
  };
}

function generationTable() {
  const from = el('span');
  const table = grid('Generations', [{ name: 'No.', left: true }, { name: 'State', left: true }, { name: '', left: true, head: el('span.span-head', from, el('span', 'now')) }, { name: 'Rules', left: true }, { name: 'Views' }, { name: 'Expired' }]);
  table.head[2].classList.add('c-span');
  return {
    node: block('at-generations', 'Generations', null, table.node),
    /** @param {any} told @param {number} now */
    tell({ generations, building }, now) {
      const sorted = generations.toSorted((/** @type {any} */ a, /** @type {any} */ b) => b.generation - a.generation);
      const found = spans(sorted, now);
      fill(from, found.first === null ? 'from the beginning' : `from ${date(found.first, 'UTC')} ${clock(found.first, 'UTC')}`);
      table.rows(
        sorted.map((/** @type {any} */ each, /** @type {number} */ n) => {
          const span = found.spans[n];
          const live = each.state === 'live';
          const drawn = { key: `${live} ${span.from.toFixed(1)} ${span.to.toFixed(1)}`, make: () => [bar(span, live)] };
          return { cells: [String(each.generation), generationState(each, building), drawn, each.page_rules || 'none', known(each.views), known(each.expired_views)] };
        }),
      );
    },
  };
}

/** @param {{ from: number, to: number }} span @param {boolean} live */
const bar = ({ from, to }, live) => el('svg.span', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, el(live ? 'rect.bar' : 'rect', { x: from, y: 0, width: to - from, height: 10 }));
