// Keys that go without the pointer, the list of them, and the switch that turns them off.

import { el, fill } from './dom.js';
import { filters } from './asked.js';
import { now } from './ask.js';
import { late } from './late.js';
import { beside } from './ranges.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').Question} Question
 */

const OFF = 'footfall-keys-off';
const FIELDS = 'input:not([type=range], [type=checkbox]), select, textarea';

/**
 * @param {App} app
 * @param {() => Question | undefined} asked the question as it was understood last
 * @returns {{ node: HTMLDialogElement, open: () => void, stop: () => void }} the list, as a dialog
 */
export function keys(app, asked) {
  let off = remembered();
  const node = el('dialog', { 'aria-labelledby': 'keys-title' });
  async function open() {
    if (!node.firstChild) {
      const made = await late(import('./key-list.js'));
      if (!made) return;
      fill(node, made.keyList(off, (now) => remember((off = now))));
    }
    if (!node.open) node.showModal();
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || node.open) return;
    if (event.target instanceof Element && event.target.matches(FIELDS)) return;
    if (off && event.key !== 'Escape') return;
    const act = /** @type {Record<string, () => void>} */ ({ '/': find, '[': () => move(-1), ']': () => move(1), c: compare, Escape: undo, '?': () => void open() })[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
  function find() {
    const found = [...document.querySelectorAll('main input[type=search]')].find((field) => field.checkVisibility());
    if (found instanceof HTMLInputElement) found.focus();
  }
  /** @param {-1 | 1} direction */
  function move(direction) {
    const question = asked();
    if (!question) return;
    const range = beside(question, direction, now());
    if (range) app.go({ ...range, unit: question.unit });
    else app.say('This range ends with the present.');
  }
  function compare() {
    app.go({ compare: app.view().compare ? '' : 'previous' });
  }
  function undo() {
    const last = filters(app.view()).at(-1);
    if (last) app.go(last.undo);
  }
  document.addEventListener('keydown', pressed);
  return { node, open: () => void open(), stop: () => document.removeEventListener('keydown', pressed) };
}

/** A browser may keep nothing: then the switch is for this page. */
function remembered() {
  try {
    return localStorage.getItem(OFF) !== null;
  } catch {
    return false;
  }
}

/** @param {boolean} off */
function remember(off) {
  try {
    if (off) localStorage.setItem(OFF, '1');
    else localStorage.removeItem(OFF);
  } catch {
    // It holds for this page.
  }
}
