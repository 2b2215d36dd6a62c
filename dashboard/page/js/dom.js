// Elements are made one by one, with text as text: no markup from strings, no style attribute.

const SVG = 'http://www.w3.org/2000/svg';
const DRAWN = new Set(['svg', 'g', 'path', 'rect', 'line', 'text', 'tspan', 'defs', 'pattern', 'circle', 'title']);

/**
 * @typedef {Node | string | number | null | undefined | false} Kid
 * @typedef {Kid | Kids[]} Kids
 * @typedef {Record<string, unknown>} Attributes
 */

/**
 * An element: `el('p.note.small', { title: 'x', onclick }, 'text', node, [more])`.
 * Attributes that are null, undefined or false are left out; `on…` are listeners; `--name` is a custom property.
 * @param {string} spec tag, then classes
 * @param {...(Attributes | Kids)} rest attributes first, where there are any
 * @returns {any} the element; `any`, since the tag is in a string
 */
export function el(spec, ...rest) {
  const [tag, ...classes] = spec.split('.');
  const made = DRAWN.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  if (classes.length) made.setAttribute('class', classes.join(' '));
  const first = rest[0];
  if (first && typeof first === 'object' && Object.getPrototypeOf(first) === Object.prototype) {
    set(made, /** @type {Attributes} */ (rest.shift()));
  }
  fill(made, /** @type {Kids[]} */ (rest));
  return made;
}

/**
 * @param {Element} made
 * @param {Attributes} attributes
 */
export function set(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) made.removeAttribute(name);
    else if (name.startsWith('on')) made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    // By the object model: a policy that forbids style attributes allows it.
    else if (name.startsWith('--')) /** @type {HTMLElement} */ (made).style.setProperty(name, String(value));
    else made.setAttribute(name, value === true ? '' : String(value));
  }
}

/**
 * Instead of what is in it now.
 * @param {Element} made
 * @param {...Kids} kids
 */
export function fill(made, ...kids) {
  const found = /** @type {Kid[]} */ (kids.flat(9)).filter((kid) => kid !== null && kid !== undefined && kid !== false);
  made.replaceChildren(...found.map((kid) => (kid instanceof Node ? kid : String(kid))));
}

/**
 * Text for screen readers only.
 * @param {string} text
 */
export const sr = (text) => el('span.sr', text);
