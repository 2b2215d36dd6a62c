// Where somebody is on the page: how far down, and what has focus. Parts may be drawn anew; what was pressed keeps focus.

/** @typedef {{ top: number | null, focus: { within: string, tag: string, text: string, id: string } | null }} Held `top`: null leaves it as it is */

const NAMED = '[aria-labelledby], [aria-label], dl, form';

/** @returns {Held} */
export function held() {
  const found = document.activeElement;
  const focus = found instanceof HTMLElement && found !== document.body ? { within: within(found), tag: found.tagName, text: told(found), id: found.id } : null;
  return { top: window.scrollY, focus };
}

/**
 * Focus is given back only where nobody has taken it since.
 * @param {Held} place
 */
export function restored({ top, focus }) {
  if (top !== null) window.scrollTo(0, top);
  if (!focus || (document.activeElement && document.activeElement !== document.body)) return;
  const found = focus.id ? document.getElementById(focus.id) : [...document.querySelectorAll(focus.tag)].find((each) => told(each) === focus.text && within(each) === focus.within);
  if (found instanceof HTMLElement) found.focus({ preventScroll: true });
}

/** @param {Element} each */
const told = (each) => each.getAttribute('aria-label') ?? each.textContent ?? '';
/** @param {Element} each */
const within = (each) => {
  const part = each.parentElement?.closest(NAMED);
  return part ? (part.getAttribute('aria-labelledby') ?? part.getAttribute('aria-label') ?? part.className) : '';
};
