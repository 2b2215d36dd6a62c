// The beginning: the place that the address names is put on the page, and shown anew for each view.

import { createApp } from './app.js';
import { el, fill } from './dom.js';
import { counts } from './counts.js';

/**
 * @typedef {import('./types.js').App} App
 * @typedef {import('./types.js').View} View
 * @typedef {{ nodes: HTMLElement[], show: (view: View) => Promise<void> | void, stop: () => void }} Place a whole page
 */

/** Whoever looks at one place does not wait for what the others are made of. */
const PLACES = /** @type {Record<string, () => Promise<(app: App) => Place>>} */ ({
  '/': async () => counts,
  '/pages': async () => (await import('./all-pages.js')).allPages,
  '/operations': async () => (await import('./operations.js')).operations,
});

/** In the address of a page that was loaded anew because its files were gone. */
const AFRESH = '#anew';

/** @type {Place | null} */
let place = null;
let at = '';
/** @type {View | null} */
let wanted = null;

const app = createApp(show);
void show(app.view());

/** @param {View} view @returns {Promise<void>} */
async function show(view) {
  wanted = view;
  if (place && at === view.place) return place.show(view);
  const another = at !== '';
  place?.stop();
  place = null;
  at = view.place;
  const made = await partsOf(at);
  // Somebody may have gone on meanwhile: that view puts its place.
  if (wanted !== view || !made) return;
  place = made(app);
  fill(/** @type {HTMLElement} */ (document.getElementById('app')), place.nodes);
  // Whoever came by a link reads on here; whoever came by the address begins at the top.
  if (another) document.getElementById('main')?.focus({ preventScroll: true });
  return place.show(view);
}

/** What a place is made of; nothing where the page is loaded anew, since its files are another's by now. @param {string} name */
async function partsOf(name) {
  try {
    return await PLACES[name]();
  } catch {
    afresh();
    return null;
  }
}

/** Once: where the files are not to be had either after that, the page says so. */
function afresh() {
  const address = new URL(window.location.href);
  if (address.hash === AFRESH) {
    fill(/** @type {HTMLElement} */ (document.getElementById('app')), el('main.wrap', { id: 'main' }, el('p.empty', 'Footfall does not hand out this page now. Load it again in a while.')));
    return;
  }
  address.hash = AFRESH;
  history.replaceState(null, '', address);
  window.location.reload();
}
