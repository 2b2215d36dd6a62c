import { el } from './dom.js';

/**
 * A button that copies what a text is when it is pressed, and says so.
 * @param {import('./types.js').App} app
 * @param {() => string} text
 * @param {string} [what] what is copied, for who hears several of these
 * @returns {HTMLElement}
 */
export function copier(app, text, what = '') {
  const name = el('span', 'Copy');
  const button = el('button.btn', { type: 'button' }, name, what && el('span.sr', ` ${what}`));
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      name.textContent = 'Copied';
    } catch {
      // Where a page came over HTTP browsers have no clipboard.
      name.textContent = select(button) ? 'Selected' : 'Select it';
    }
    app.say(name.textContent ?? '');
  });
  return button;
}

/** The text that stands beside the button, for the keys that copy. @param {HTMLElement} button */
function select(button) {
  const found = button.closest('section')?.querySelector('pre');
  if (!found) return false;
  getSelection()?.selectAllChildren(found);
  return true;
}
