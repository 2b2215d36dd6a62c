// The list of keys, and the switch that turns them off.

import { el } from './dom.js';

const KEYS = [
  ['/', 'find a page'],
  ['[  ]', 'the range before, the range after'],
  ['c', 'compare, or no longer'],
  ['Esc', 'close what is open; else undo the last filter'],
  ['?', 'this list'],
  ['← →', 'on the chart: move, with Shift mark, with Enter zoom to what is marked'],
];

/**
 * What stands in the dialog.
 * @param {boolean} off
 * @param {(off: boolean) => void} turned
 * @returns {HTMLElement[]}
 */
export function keyList(off, turned) {
  const box = el('input', { type: 'checkbox', checked: off, onchange: () => turned(box.checked) });
  const each = (/** @type {string} */ keys) => keys.split('  ').flatMap((key, at) => [at > 0 && ' ', el('kbd', key)]);
  return [
    el('h2', { id: 'keys-title' }, 'Keyboard'),
    el('dl.keys', KEYS.map(([keys, text]) => [el('dt', each(keys)), el('dd', text)])),
    el('label', box, 'Off: these keys do nothing, but for Esc'),
    el('form', { method: 'dialog' }, el('button.btn', 'Close')),
  ];
}
