// A shape for each state of things, so that none is told by hue alone.

import { el } from './dom.js';

/** @typedef {'ok' | 'warn' | 'bad'} State */

const SHAPES = /** @type {Record<State, [string, Record<string, unknown>, string]>} */ ({
  ok: ['circle', { cx: 8, cy: 8, r: 7.5 }, 'M4.8 8.3l2.2 2.3 4.2-4.9'],
  warn: ['path', { d: 'M8 .8l7.6 13.9H.4z' }, 'M8 6v3.6M8 12.2v.1'],
  bad: ['path', { d: 'M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5z' }, 'M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2'],
});

/** The state in words, for who does not see the shape. */
export const SAID = /** @type {Record<State, string>} */ ({ ok: 'All in order. ', warn: 'Warning. ', bad: 'Problem. ' });

/**
 * Circle with a tick, triangle, octagon with a cross.
 * @param {State} state
 * @returns {Element}
 */
export function icon(state) {
  const [tag, shape, mark] = SHAPES[state];
  return el('svg.icon', { width: 16, height: 16, viewBox: '0 0 16 16', 'aria-hidden': 'true' }, el(`${tag}.i-${state}`, shape), el('path.i-mark', { d: mark }));
}
