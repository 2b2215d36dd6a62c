import { el } from './dom.js';

const HIGH = 32;
const WIDE = 300;

/**
 * Views by minute as bars, from zero; what is not known has no baseline.
 * @param {(number | null)[]} minutes
 * @returns {Element}
 */
export function minuteBars(minutes) {
  const most = Math.max(1, ...minutes.map((views) => views ?? 0));
  const width = WIDE / minutes.length;
  const shapes = minutes.map((views, i) => {
    if (views === null) return null;
    const x = i * width;
    const high = views && Math.max(2, (views / most) * (HIGH - 1));
    return [el('line.base', { x1: x, x2: x + width, y1: HIGH, y2: HIGH }), high > 0 && el('rect.bar', { x: x + 0.75, width: width - 1.5, y: HIGH - high, height: high })];
  });
  return el('svg.minutes', { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, shapes);
}
