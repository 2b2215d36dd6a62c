// Names come from strangers: they are isolated, their odd marks are shown instead of obeyed, nothing is parsed.

import { el } from './dom.js';
import { plural } from './say.js';

// Joiners and the shapes of signs belong to scripts and to emoji: they are odd only where nothing is to be joined.
const ODD = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0\u2000-\u200a\u2800\u3000]/u;
const JOINER = /\u200c|\u200d|\ufe0e|\ufe0f/;
const PLAIN = /[\u0000-\u007f]/;
const LONGEST = 240;

/**
 * A name in pieces: text as it is, and marks that stand for what would not be seen. Long ones are cut in the middle. Pure.
 * @param {string} name
 * @param {number} [longest]
 * @returns {(string | { mark: string })[]}
 */
export function pieces(name, longest = LONGEST) {
  const all = [...name];
  if (!name.trim()) return [{ mark: name ? plural(all.length, 'space') : 'empty name' }];
  const kept = all.length > longest ? [...all.slice(0, 200), null, ...all.slice(-20)] : all;
  /** @type {(string | { mark: string })[]} */
  const found = [];
  let run = '';
  for (const [at, each] of kept.entries()) {
    if (each !== null && !odd(kept, at)) {
      run += each;
      continue;
    }
    if (run) found.push(run);
    run = '';
    found.push({ mark: each === null ? '…' : `U+${(each.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}` });
  }
  if (run) found.push(run);
  return found;
}

/** Whether what stands there would not be seen, or not as what it is: two spaces look like one, those at the end like none. @param {(string | null)[]} all @param {number} at */
function odd(all, at) {
  const each = all[at] ?? '';
  if (each === ' ') return at === 0 || at === all.length - 1 || all[at + 1] === ' ' || all.slice(at).every((next) => next === ' ');
  if (!ODD.test(each)) return false;
  return !JOINER.test(each) || PLAIN.test(all[at - 1] ?? ' ');
}

/**
 * A name as text alone, for titles and for what is heard. Pure.
 * @param {string} name
 * @param {number} [longest]
 */
export const spoken = (name, longest) => pieces(name, longest).map((piece) => (typeof piece === 'string' ? piece : `[${piece.mark}]`)).join('').replaceAll('[…]', '…');

/**
 * A name to see; a link where `attributes` have `href`.
 * @param {string} name
 * @param {Record<string, unknown>} [attributes]
 */
export const named = (name, attributes = {}) =>
  el(
    attributes.href ? 'a.name' : 'bdi.name',
    { dir: 'ltr', ...attributes },
    marked(name),
  );

/**
 * The same inside something else: in a line of text, or whole where `longest` allows it.
 * @param {string} name
 * @param {number} [longest]
 */
export const isolated = (name, longest) => el('bdi', { dir: 'ltr' }, marked(name, longest));

/** @param {string} name @param {number} [longest] */
const marked = (name, longest) => pieces(name, longest).map((piece) => (typeof piece === 'string' ? piece : el('span.ctl', piece.mark)));
