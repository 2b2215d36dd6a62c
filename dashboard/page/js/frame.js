// What stands around every place: the bar, the strip, the foot, and the list of keys.

import { bar, bareBar } from './bar.js';
import { foot } from './foot.js';
import { keys } from './keys.js';
import { trust } from './trust.js';
import { offsetOf } from './zones.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 * @typedef {import('./types.js').Question} Question
 */

/**
 * @param {App} app
 * @param {HTMLElement} main
 * @param {{ back?: HTMLElement }} [how] `back`: in place of the bar, where nothing is asked there
 * @returns {{ nodes: HTMLElement[], show: (view: View, how: { signal: AbortSignal, quiet: boolean }) => void, tell: (question: Question) => void, sites: (count: number) => void, bare: (kids: HTMLElement | null) => void, stop: () => void }}
 */
export function frame(app, main, { back } = {}) {
  /** @type {Question | undefined} */
  let question;
  const [top, strip, list] = [bar(app), trust(app), keys(app, () => question)];
  let head = back ? bareBar(back) : top.node;
  return {
    nodes: [head, strip.node, main, foot({ keyboard: list.open }), list.node],
    show(view, how) {
      if (!how.quiet) void top.show(view, how);
      // The strip stands also above a link that asks for a zone that is none.
      const tz = offsetOf(0, view.tz || 'UTC') && view.tz;
      strip.show({ ...view, tz }, how).catch(() => undefined);
    },
    tell(found) {
      question = found;
      top.tell(found);
    },
    sites: top.sites,
    bare(kids) {
      const next = kids ? bareBar(kids) : top.node;
      head.replaceWith(next);
      head = next;
    },
    stop() {
      list.stop();
      strip.stop?.();
    },
  };
}
