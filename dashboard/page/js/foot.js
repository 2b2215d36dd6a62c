// The foot of every page: what is beside it.

import { el } from './dom.js';
import { session } from './session.js';
import { themeButton } from './theme.js';

/**
 * What is for operators, and signing out, is shown to those whom it is for.
 * @param {{ keyboard?: () => void }} how
 * @returns {HTMLElement}
 */
export function foot({ keyboard }) {
  const operations = el('a', { href: '/operations', hidden: true }, 'Operations');
  const out = el('form', { method: 'post', action: '/sign-out', hidden: true }, el('button.btn.quiet', 'Sign out'));
  const keys = keyboard && el('button.btn.quiet', { type: 'button', onclick: keyboard }, 'Keyboard');
  void session().then((told) => {
    operations.hidden = !told.rights.includes('admin');
    out.hidden = !told.signed_in;
  });
  return el('footer', el('div.wrap.foot', el('span', 'Footfall'), operations, el('a', { href: '/schema' }, 'API'), keys, themeButton(), out));
}
