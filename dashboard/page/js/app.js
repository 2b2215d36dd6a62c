// What parts may ask of the page around them: the view, other views, questions.

import { changed, readAddress, writeAddress } from './address.js';
import { AskError, ask } from './ask.js';
import { held, restored } from './held.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 */

/**
 * @param {(view: View) => Promise<void> | void} show called for each view that is gone to, the first too; done once it is there
 * @returns {App}
 */
export function createApp(show) {
  let view = readAddress(window.location);
  const events = new EventTarget();
  const spoken = /** @type {HTMLElement} */ (document.getElementById('say'));
  const link = (/** @type {Partial<View>} */ changes) => writeAddress(changed(view, changes));
  history.scrollRestoration = 'manual';

  /** @param {import('./held.js').Held} place what had focus, and how far down, to be found again */
  async function shown(place) {
    const before = view.place;
    view = readAddress(window.location);
    if (before !== view.place) place = { ...place, focus: null };
    restored(place);
    await show(view);
    restored(place);
  }
  /** @param {string} address @param {boolean} replace */
  function gone(address, replace) {
    const here = held();
    // What a part has noted of this entry stays with it.
    if (!replace) history.replaceState({ ...history.state, ...here }, '');
    history[replace ? 'replaceState' : 'pushState'](here, '', address);
    const elsewhere = new URL(address, window.location.href).pathname !== view.place;
    void shown(elsewhere ? { top: 0, focus: null } : { ...here, top: null });
  }

  window.addEventListener('popstate', (event) => void shown(event.state ?? { top: 0, focus: null }));
  document.addEventListener('click', (event) => {
    const found = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!(found instanceof HTMLAnchorElement) || !inside(found, event)) return;
    event.preventDefault();
    gone(found.href, false);
  });

  return {
    events,
    link,
    view: () => view,
    say: (text) => void (spoken.textContent = text),
    go: (changes, { replace = false } = {}) => gone(link(changes), replace),
    note(changes) {
      history.replaceState(history.state, '', link(changes));
      view = readAddress(window.location);
    },
    async ask(path, parameters, signal) {
      try {
        const found = await ask(path, parameters, signal);
        events.dispatchEvent(new CustomEvent('answered', { detail: found }));
        return found;
      } catch (error) {
        if (error instanceof AskError) events.dispatchEvent(new CustomEvent('failed', { detail: error }));
        throw error;
      }
    },
  };
}

/** A link that this page shows itself: one of its places, pressed plainly. @param {HTMLAnchorElement} link @param {MouseEvent} event */
function inside(link, event) {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const here = link.origin === window.location.origin && ['/', '/pages', '/operations'].includes(link.pathname);
  return plain && here && !link.target && !link.hasAttribute('download') && !link.hash;
}
