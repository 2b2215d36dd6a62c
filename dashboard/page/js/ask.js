// Questions to the public API, as any client may ask them.

/**
 * Why there is no answer.
 * `silent`: nobody answers; `away`: the service answers and its database does not; `refused`: the question cannot be
 * answered (`faults` say what to send instead); `locked`: a key is needed; `often`: asked too often, again in `wait` s;
 * `failed`: anything else.
 * @typedef {'silent' | 'away' | 'refused' | 'locked' | 'often' | 'failed'} Kind
 */

export class AskError extends Error {
  /**
   * @param {Kind} kind
   * @param {string} detail
   * @param {{ status?: number, faults?: { pointer: string, detail: string }[], wait?: number }} [more]
   */
  constructor(kind, detail, { status = 0, faults = [], wait = 0 } = {}) {
    super(detail);
    this.kind = kind;
    this.status = status;
    this.faults = faults;
    this.wait = wait;
  }
}

const KINDS = /** @type {Record<number, Kind>} */ ({ 400: 'refused', 401: 'locked', 403: 'locked', 422: 'refused', 429: 'often', 503: 'away' });
const PATIENCE_MS = 20_000;
/** Clocks of visitors are off by seconds at most, or wrong. */
const TRUSTED_MS = 10_000;
let ahead = 0;

/** The time where the answers come from: that of this machine, unless it is far off. @returns {number} milliseconds since 1970 */
export const now = () => Date.now() - ahead;

/**
 * The answer as it came. Raises `AskError`; an `AbortError` where `signal` says that nobody waits any more.
 * @param {string} path
 * @param {URLSearchParams} [parameters]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(path, parameters, signal) {
  const text = parameters?.toString();
  const late = AbortSignal.timeout(PATIENCE_MS);
  let response;
  try {
    response = await fetch(text ? `${path}?${text}` : path, {
      headers: { accept: 'application/json' },
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    heed(response.headers.get('date'));
    if (response.ok) return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new AskError('silent', 'Footfall does not answer');
  }
  throw await refusal(response);
}

/** @param {string | null} date */
function heed(date) {
  const difference = date ? Date.now() - Date.parse(date) : NaN;
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) > TRUSTED_MS ? difference : 0;
}

/**
 * @param {Response} response
 * @returns {Promise<AskError>}
 */
async function refusal(response) {
  /** @type {any} */
  let told = {};
  try {
    told = await response.json();
  } catch {
    // A proxy answers in its own words: the status says enough.
  }
  return new AskError(KINDS[response.status] ?? 'failed', told.detail ?? `status ${response.status}`, {
    status: response.status,
    faults: told.errors ?? [],
    wait: Number(response.headers.get('retry-after')) || 0,
  });
}
