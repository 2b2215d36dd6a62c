import { el } from './dom.js';

const [WIDE, HIGH] = [84, 20];
/** @param {number} n */
const short = (n) => Math.round(n * 10) / 10;

/**
 * The outline of a few numbers from zero on, in px; without any, nothing. Pure.
 * @param {readonly number[]} numbers
 * @returns {{ line: string, x: number, y: number }} `x`, `y`: where the last one is
 */
export function outline(numbers) {
  const most = Math.max(...numbers, 1);
  const points = numbers.map((n, at) => [
    short(1 + (numbers.length > 1 ? at / (numbers.length - 1) : 1) * (WIDE - 4)),
    short(HIGH - 2 - (n / most) * (HIGH - 5)),
  ]);
  const [x, y] = points[points.length - 1] ?? [0, 0];
  return { line: points.map(([px, py], at) => `${at ? 'L' : 'M'}${px} ${py}`).join(''), x, y };
}

/**
 * How a row went, beside its numbers: a picture without words.
 * @param {readonly number[]} numbers from the oldest on, without the one that is not over
 * @returns {SVGSVGElement}
 */
export function spark(numbers) {
  const { line, x, y } = outline(numbers);
  return el(
    'svg.spark',
    { width: WIDE, height: HIGH, viewBox: `0 0 ${WIDE} ${HIGH}`, 'aria-hidden': 'true' },
    line && [el('path.spark-line', { d: line }), el('circle.spark-end', { cx: x, cy: y, r: 1.8 })],
  );
}
