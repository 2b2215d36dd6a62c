// Reading and marking buckets: by pointer on the chart, by keys on a native range input over it.

import { el, set } from './dom.js';

/**
 * What is under the pointer or the keys: indices of buckets, -1 and null where there is none.
 * @typedef {{ at: number, marked: [number, number] | null }} Reading
 */

/**
 * @typedef {object} Rail
 * @property {HTMLInputElement} input
 * @property {(count: number, at: number, keep: boolean) => void} fit so many buckets, the one that is read among them; `keep`: and the mark
 * @property {() => Reading} reading
 * @property {() => void} drop read nothing
 */

/**
 * @param {HTMLElement} box what the pointer is over
 * @param {object} how
 * @param {(x: number) => number} how.index the bucket at so many px from the left of the box, -1 left of all
 * @param {(reading: Reading) => void} how.read
 * @param {(reading: Reading) => string} how.words
 * @param {(from: number, to: number) => void} how.zoom both are included
 * @returns {Rail}
 */
export function rail(box, { index, read, words, zoom }) {
  let count = 0;
  let at = -1;
  /** @type {[number, number] | null} */
  let mark = null;
  let pressed = NaN;
  const input = el('input.rail', { type: 'range', min: 0, step: 1, 'aria-label': 'Moment in the chart', 'aria-describedby': 'chart-keys' });

  const focused = () => document.activeElement === input;
  const inside = (/** @type {number} */ each) => Math.max(0, Math.min(count - 1, each));
  const reading = () => ({ at, marked: mark && /** @type {[number, number]} */ ([Math.min(...mark), Math.max(...mark)]) });
  const to = (/** @type {number} */ next, /** @type {typeof mark} */ marked) => {
    [at, mark] = [next, marked];
    if (focused() && at >= 0) input.value = String(at);
    input.setAttribute('aria-valuetext', count ? words(at < 0 ? { at: Number(input.value), marked: null } : reading()) : '');
    read(reading());
  };
  const away = () => to(focused() ? Number(input.value) : -1, null);
  const done = () => {
    const marked = reading().marked;
    mark = null;
    if (marked) zoom(...marked);
  };
  const near = (/** @type {PointerEvent} */ event) => index(event.clientX - box.getBoundingClientRect().left);

  const pointer = {
    /** @param {PointerEvent} event */
    pointerdown(event) {
      if (event.button || !count) return;
      if (event.pointerType !== 'mouse') return to(near(event), null);
      event.preventDefault();
      pressed = event.clientX;
      box.setPointerCapture(event.pointerId);
      to(inside(near(event)), null);
    },
    /** @param {PointerEvent} event */
    pointermove(event) {
      if (!count) return;
      const next = near(event);
      // A hand that trembles marks nothing.
      if (!mark && Math.abs(event.clientX - pressed) >= 4) return to(inside(next), [inside(index(pressed - box.getBoundingClientRect().left)), inside(next)]);
      to(mark ? inside(next) : next, mark && [mark[0], inside(next)]);
    },
    pointerup() {
      pressed = NaN;
      if (mark) done();
    },
    pointercancel() {
      pressed = NaN;
      away();
    },
    /** @param {PointerEvent} event */
    pointerleave(event) {
      if (event.pointerType === 'mouse' && Number.isNaN(pressed)) away();
    },
  };
  const keys = {
    input: () => to(Number(input.value), null),
    focus: () => to(Number(input.value), null),
    blur: away,
    /** @param {KeyboardEvent} event */
    keydown(event) {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (step && event.shiftKey) {
        event.preventDefault();
        const next = inside((mark ? mark[1] : Number(input.value)) + step);
        to(next, [mark ? mark[0] : Number(input.value), next]);
      } else if (mark && (event.key === 'Enter' || event.key === 'Escape')) {
        event.stopPropagation();
        if (event.key === 'Enter') done();
        else to(at, null);
      }
    },
  };
  for (const [name, listener] of Object.entries(pointer)) box.addEventListener(name, /** @type {EventListener} */ (listener));
  for (const [name, listener] of Object.entries(keys)) input.addEventListener(name, /** @type {EventListener} */ (listener));

  return {
    input,
    reading,
    drop: () => to(-1, null),
    fit(buckets, next, keep) {
      count = buckets;
      set(input, { max: Math.max(0, count - 1), disabled: !count });
      input.value = String(next >= 0 && focused() ? next : count - 1);
      to(focused() && count ? Number(input.value) : next, keep ? mark : null);
    },
  };
}
