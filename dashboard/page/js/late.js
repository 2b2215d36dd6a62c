// Modules that come when they are used.

/**
 * What few use comes when it is used; null where it does not come. Where somebody answers all the same, the files of this
 * page are another version's by now: the page is loaded anew.
 * @template T
 * @param {Promise<T>} module
 * @returns {Promise<T | null>}
 */
export async function late(module) {
  try {
    return await module;
  } catch {
    const there = await fetch(window.location.href).then((answer) => answer.ok, () => false);
    if (there) window.location.reload();
    return null;
  }
}
