import assert from 'node:assert/strict';
import test from 'node:test';

import { CALM_MS, standing, steady } from '../../../dashboard/page/js/standing.js';

const NOW = Date.parse('2026-11-25T14:37:06Z');
const minute = 60_000;

/** An answer in which all is well. */
const state = (more = {}) => ({
  complete_until: '2026-11-25T14:37:05Z',
  lag_seconds: 1,
  generation: 3,
  known_at: '2026-11-25T14:37:06Z',
  horizon: null,
  database: { answers: true },
  partitions: [0, 1].map((partition) => ({ partition, complete_until: '2026-11-25T14:37:05Z', lag_seconds: 1, stopped: false, reason: null, since: null })),
  audits: [{ kind: 'totals', at: '2026-11-25T13:55:00Z', difference: 0 }],
  building: null,
  ...more,
});
const known = (more = {}) => ({ state: state(), now: NOW, cameAt: NOW, seen: null, movedAt: NOW, behind: null, toGo: null, silentSince: null, again: 4, accepts: false, locked: false, empty: false, tz: 'UTC', ...more });
const said = (more) => {
  const { kind, lead, facts } = standing(known(more));
  return [kind, [lead, ...facts].join(kind === 'ok' ? ' · ' : ' ')];
};

test('all is well: one line, with how far behind in seconds', () => {
  assert.deepEqual(said(), ['ok', 'Complete until 14:37:05 UTC · 1 s behind · audited 13:55: 0 differences · generation 3']);
});

test('nothing behind is claimed only where it is told', () => {
  assert.deepEqual(said({ behind: 0 }), ['ok', 'Complete until 14:37:05 UTC · 0 behind · audited 13:55: 0 differences · generation 3']);
});

test('the moment is the least of the screen and of the answer', () => {
  assert.match(standing(known({ seen: Date.parse('2026-11-25T14:36:59Z') })).lead, /14:36:59/);
  assert.match(standing(known({ seen: Date.parse('2026-11-25T14:38:00Z') })).lead, /14:37:05/);
});

test('the zone stands in brackets where it is another, the day where it is another', () => {
  assert.equal(standing(known({ tz: 'Europe/Berlin' })).lead, 'Complete until 14:37:05 UTC (15:37:05 in Berlin)');
  assert.match(standing(known({ seen: Date.parse('2026-11-24T23:59:59Z') })).lead, /Tue 24 Nov 23:59:59 UTC$/);
});

test('a rebuild is told, with how far it is', () => {
  const [kind, text] = said({ state: state({ building: { generation: 4, state: 'loading', progress: 0.365 } }) });
  assert.equal(kind, 'ok');
  assert.match(text, / · generation 3 · generation 4 is being built: 36\.5\u202f%$/);
});

test('for who is told less, less is said', () => {
  const { partitions, audits, building, ...reader } = state();
  void [partitions, audits, building];
  assert.deepEqual(said({ state: reader }), ['ok', 'Complete until 14:37:05 UTC · 1 s behind · generation 3']);
});

test('no audit yet is said, and is no alarm', () => {
  assert.match(said({ state: state({ audits: [] }) })[1], / · not audited yet · /);
});

const behind = { complete_until: '2026-11-25T11:20:41Z', lag_seconds: 11_785 };

test('behind: amber beyond 30 seconds, with what waits where it is told', () => {
  assert.equal(said({ state: state({ lag_seconds: 30 }) })[0], 'ok');
  assert.equal(said({ state: state({ lag_seconds: 31 }) })[0], 'warn');
  assert.deepEqual(said({ state: state(behind), behind: 412_905, toGo: 2 * minute }), [
    'warn',
    'Complete until 11:20:41 UTC, 3 h 16 min behind. 412,905 confirmed batches wait to be counted, about 2 min to go. Hatched hours will still grow.',
  ]);
});

test('behind by an answer that is old itself', () => {
  assert.equal(said({ now: NOW + 40_000 })[0], 'warn');
});

test('old and not moving is red; what moves is not, nor what is being counted as far as is told', () => {
  assert.equal(said({ state: state(behind), behind: 9, movedAt: NOW - 20_000 })[0], 'warn');
  const [kind, text] = said({ state: state(behind), behind: 9, movedAt: NOW - 40_000 });
  assert.equal(kind, 'bad');
  assert.match(text, /3 h 16 min behind\. Nothing was counted since 14:36:26\. 9 confirmed batches wait to be counted\. Hatched/);
  assert.equal(said({ state: state(behind), movedAt: NOW - 40_000 })[0], 'warn');
});

test('no projector: amber, and red as it gets old', () => {
  const partitions = state().partitions.map((each) => ({ ...each, reason: 'unheld' }));
  const [kind, text] = said({ state: state({ lag_seconds: 90, partitions }), movedAt: NOW - 90_000 });
  assert.equal(kind, 'warn');
  assert.equal(text, 'Complete until 14:37:05 UTC, 1 min 30 s behind. No projector counts: it goes on as soon as one runs. Hatched hours will still grow.');
  assert.equal(said({ state: state({ lag_seconds: 901, partitions }), movedAt: NOW - 90_000 })[0], 'bad');
});

test('one partition that waits says why', () => {
  const partitions = state().partitions;
  partitions[1].reason = 'log-away';
  assert.match(said({ state: state({ lag_seconds: 90, partitions }) })[1], /1 partition waits\. The log does not answer its projector\. It goes on by itself\. Hatched/);
});

const partitionsWith = (...more) => {
  const found = state().partitions;
  found.push(...more.map((each, n) => ({ partition: 7 + n, complete_until: '2026-11-25T12:48:31Z', lag_seconds: 6_515, stopped: true, reason: null, since: null, ...each })));
  return state({ complete_until: '2026-11-25T12:48:31Z', lag_seconds: 6_515, partitions: found });
};

test('a partition that has stopped is red: which, since when, why', () => {
  assert.deepEqual(said({ state: partitionsWith({ reason: 'newer-format' }) }), [
    'bad',
    'Complete until 12:48:31 UTC: partition 7 has stopped. Its pages wait since then, all others are complete until 14:37:05. A batch is newer than this Footfall: upgrade the projectors, nothing confirmed is lost.',
  ]);
});

test('several that have stopped; a reason without a word is told in the words of the service, where it tells them', () => {
  const [, text] = said({ state: partitionsWith({ reason: 'other', stands_still: 'stopped since 2026-11-25T12:48:31Z: the disk is full' }, {}) });
  assert.equal(text, 'Complete until 12:48:31 UTC: partitions 7 and 8 have stopped. Their pages wait since then, all others are complete until 14:37:05. The disk is full.');
  assert.match(said({ state: partitionsWith({ reason: 'other' }) })[1], /complete until 14:37:05\.$/);
});

test('the database away: red after 10 seconds, and what is said of ingest is only what it says', () => {
  const away = (seconds, more = {}) => state({ database: { answers: false, since: new Date(NOW - seconds * 1_000).toISOString() }, ...more });
  assert.equal(said({ state: away(9) })[0], 'ok');
  assert.deepEqual(said({ state: away(86) }), ['bad', 'Complete until 14:37:05 UTC: the database has not answered since 14:35:40. What you see is the last answer. Asking again in 4 s.']);
  assert.match(said({ state: away(86), accepts: true })[1], /Views are still accepted and will be counted\. Asking/);
});

test('no answer: amber after 15 seconds, with the last that was known', () => {
  assert.equal(said({ silentSince: NOW - 14_000 })[0], 'ok');
  assert.deepEqual(said({ silentSince: NOW - 16_000 }), ['warn', 'Complete until 14:37:05 UTC: Footfall has not answered since 14:36:50. What you see is the last answer. Asking again in 4 s.']);
});

test('never an answer: waiting, then amber', () => {
  assert.equal(said({ state: null })[0], 'wait');
  assert.deepEqual(said({ state: null, silentSince: NOW - 15_000 }), ['warn', 'Footfall does not answer. Asking again in 4 s.']);
});

test('a difference that an audit found is red: what, and what to do', () => {
  const [kind, text] = said({ state: state({ audits: [{ kind: 'totals', at: '2026-11-25T13:55:00Z', difference: -12 }] }) });
  assert.equal(kind, 'bad');
  assert.equal(text, 'The audit of 13:55 UTC found 12 views fewer in the rows than were counted. The log has them: footfall replay counts again. footfall verify --deep says where. Complete until 14:37:05 UTC.');
  assert.match(said({ state: state({ audits: [{ kind: 'aggregates', at: '2026-11-25T13:55:00Z', difference: 1 }] }) })[1], /found 1 sum of days and months that the rows/);
});

test('no audit for two hours is red', () => {
  const audited = (at) => said({ state: state({ audits: [{ kind: 'totals', at, difference: 0 }] }) });
  assert.equal(audited('2026-11-25T12:37:06Z')[0], 'ok');
  const [kind, text] = audited('2026-11-25T12:37:05Z');
  assert.equal(kind, 'bad');
  assert.match(text, /: not audited for 2 h\. The last audit of 12:37:05 UTC found 0 differences\./);
});

test('nothing counted yet is quiet', () => {
  assert.deepEqual(said({ empty: true, state: state({ audits: undefined }) }), ['ok', 'Nothing counted yet · complete until 14:37:05 UTC · 1 s behind · generation 3']);
  assert.equal(said({ empty: true, state: state({ complete_until: null, lag_seconds: null }), movedAt: 0 })[0], 'ok');
});

test('not known up to when: amber where something was counted and it lasts', () => {
  const unknown = state({ complete_until: null, lag_seconds: null });
  assert.equal(said({ state: unknown })[0], 'ok');
  assert.equal(said({ state: unknown, movedAt: NOW - minute })[0], 'warn');
});

test('worse at once, better after ten seconds of order: the colour stays, the words do not', () => {
  const well = standing(known());
  const late = standing(known({ state: state(behind) }));
  const shown = steady(steady(null, well, NOW), late, NOW);
  assert.equal(shown.kind, 'warn');
  const soon = steady(shown, well, NOW + 1_000);
  assert.equal(soon.kind, 'warn');
  assert.equal(soon.lead, well.lead);
  assert.deepEqual(soon.facts, ['1 s behind · audited 13:55: 0 differences · generation 3 · in order since 14:37:07']);
  assert.equal(steady(soon, well, NOW + 1_000 + CALM_MS - 1).kind, 'warn');
  assert.equal(steady(soon, well, NOW + 1_000 + CALM_MS).kind, 'ok');
  assert.equal(steady(soon, late, NOW + 5_000).calmSince, null);
});

test('from red to amber takes as long', () => {
  const [late, old] = [standing(known({ state: state(behind) })), standing(known({ state: state(behind), behind: 9, movedAt: NOW - 40_000 }))];
  const shown = steady(steady(null, old, NOW), late, NOW + 1_000);
  assert.equal(shown.kind, 'bad');
  assert.equal(shown.facts.at(-1), 'Better since 14:37:07.');
  assert.equal(steady(shown, late, NOW + 11_000).kind, 'warn');
});

test('a key that was withdrawn is said, not a service that is gone', () => {
  assert.deepEqual(said({ locked: true }), ['warn', 'Signed out: the key no longer counts here.']);
});
