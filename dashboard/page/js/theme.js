// Light, dark, or as the system has it. The service writes what is chosen into the page: no frame is of the other kind.

import { el } from './dom.js';

const NEXT = /** @type {Record<string, string>} */ ({ '': 'light', light: 'dark', dark: '' });
const YEAR_S = 31_536_000;

/** A button that goes from one to the next. @returns {HTMLElement} */
export function themeButton() {
  const root = document.documentElement;
  const told = el('span.note');
  const button = el('button.btn.quiet', { type: 'button', onclick: () => choose(NEXT[root.dataset.theme ?? ''] ?? '') }, 'Light or dark');
  const tell = () => void (told.textContent = root.dataset.theme ? `${root.dataset.theme} always` : 'as the system');
  /** @param {string} theme */
  function choose(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    document.cookie = `theme=${theme}; Path=/; SameSite=Lax; Max-Age=${theme ? YEAR_S : 0}`;
    tell();
  }
  tell();
  told.setAttribute('role', 'status');
  return el('span.theme', button, told);
}
