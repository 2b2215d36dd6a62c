// The words of this page's modules, for the type checker; nothing of it runs.

/**
 * What the page is asked to show: the parameters of its address, '' where one is not there.
 * They are those of the API, so that the link of a page and the question to the service are one thing.
 * @typedef {object} View
 * @property {'/' | '/pages' | '/operations'} place
 * @property {string} site
 * @property {string} page
 * @property {string} prefix
 * @property {string | null} source null: of all; '' is a source: those who came from nowhere
 * @property {string} period
 * @property {string} from
 * @property {string} to
 * @property {string} unit
 * @property {string} tz
 * @property {string} agent
 * @property {string} compare
 * @property {string} search
 * @property {string} order
 */

/**
 * @typedef {object} Bucket
 * @property {string} from
 * @property {string} to
 * @property {number} views
 * @property {boolean} complete
 * @property {string[]} [cut]
 */

/**
 * @typedef {object} Question
 * @property {Record<string, string>} selection
 * @property {string} from
 * @property {string} to
 * @property {string} unit
 * @property {string} tz
 * @property {string} agent
 * @property {string} [compare]
 */

/**
 * What every answer about views has.
 * @typedef {object} Answered
 * @property {Question} question
 * @property {number} total
 * @property {string | null} complete_until
 * @property {number} generation
 * @property {string[]} notes
 */

/**
 * @typedef {object} Compared
 * @property {string} from
 * @property {string} to
 * @property {number} total
 * @property {number | null} change
 * @property {number} views
 * @property {number} before
 * @property {number} hours
 * @property {number} of_hours
 * @property {Bucket[]} buckets
 */

/** @typedef {Answered & { buckets: Bucket[], busiest: Bucket | null, compare?: Compared }} Series GET /stats/views */

/**
 * One part of the page. `show` asks what it needs and puts it in place; it is called for each new view and again
 * now and then for the same one (`quiet`: what is shown stays until the answer is there). It throws what `ask` throws.
 * @typedef {object} Panel
 * @property {HTMLElement} node
 * @property {(view: View, how: { signal: AbortSignal, quiet: boolean }) => Promise<void>} show
 * @property {() => void} [stop]
 */

/**
 * One part that is told of the series of the page, which is asked for once. `wait` before the first answer of a view.
 * @typedef {object} Figure
 * @property {HTMLElement} node
 * @property {() => void} wait
 * @property {(series: Series, view: View) => void} tell
 * @property {() => void} [stop]
 */

/**
 * What parts may ask of the page around them.
 * @typedef {object} App
 * @property {() => View} view what is shown now
 * @property {(changes: Partial<View>, how?: { replace?: boolean }) => void} go show another view; an entry of the history, or in place of this one
 * @property {(changes: Partial<View>) => void} note in place of this entry of the history another one, which nobody else has to show
 * @property {(changes: Partial<View>) => string} link the address of another view
 * @property {(text: string) => void} say told politely to screen readers
 * @property {(path: string, parameters?: URLSearchParams, signal?: AbortSignal) => Promise<any>} ask
 * @property {EventTarget} events `answered` (detail: Answered) after each answer about views; `state`; `failed` (detail: Error)
 */

export {};
