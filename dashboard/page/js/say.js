// The language of numbers and time. Pure: no document, no clock. Moments are milliseconds since 1970.

export const THIN = '\u202f';
const HOUR = 3_600_000;
const NUMBER = new Intl.NumberFormat('en-GB');

/** 1,024,830 @param {number} n */
export const int = (n) => NUMBER.format(n);

/** 1 view, 2 views @param {number} n @param {string} one @param {string} [many] */
export const plural = (n, one, many) => `${int(n)} ${n === 1 ? one : (many ?? `${one}s`)}`;

/**
 * Short, for axes only: a tick is a round number.
 * @param {number} n
 */
export function tick(n) {
  if (n < 1e4) return int(n);
  if (n < 1e6) return `${n / 1e3}${THIN}k`;
  return n < 1e9 ? `${n / 1e6}${THIN}M` : `${n / 1e9}${THIN}bn`;
}

/**
 * A part of all; never rounded to nothing or to all where it is neither.
 * @param {number} part
 * @param {number} all
 */
export function share(part, all) {
  if (!all) return '–';
  if (part === all) return `100${THIN}%`;
  const percent = (part / all) * 100;
  if (percent === 0) return `0${THIN}%`;
  if (percent < 0.1) return `<${THIN}0.1${THIN}%`;
  return percent > 99.9 ? `>${THIN}99.9${THIN}%` : `${percent.toFixed(1)}${THIN}%`;
}

/** Fewer than this many before: a percentage would say more than is known. */
const FEW = 30;

/**
 * A change as a mark and text to see, and words to hear.
 * @param {number} now
 * @param {number} before
 * @returns {{ mark: string, text: string, words: string }}
 */
export function change(now, before) {
  const difference = Math.abs(now - before);
  if (difference === 0) return { mark: '', text: '±0', words: 'unchanged' };
  const up = now > before;
  const [mark, word, sign] = up ? ['▲', 'up', '+'] : ['▼', 'down', '−'];
  if (before === 0) return { mark, text: 'new', words: 'new, none before' };
  if (before < FEW) return { mark, text: sign + int(difference), words: `${word} by ${plural(difference, 'view')}` };
  const times = now / before;
  if (times >= 10) return { mark, text: `×${THIN}${int(Math.round(times))}`, words: `${int(Math.round(times))} times as many` };
  const percent = (difference / before) * 100;
  if (percent < 0.1) return { mark, text: `<${THIN}0.1${THIN}%`, words: `${word} less than 0.1 percent` };
  const text = percent.toFixed(percent < 100 ? 1 : 0);
  return { mark, text: `${sign}${text}${THIN}%`, words: `${word} ${text} percent` };
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * Parts of a moment in a zone, without commas.
 * @param {number} at
 * @param {string} tz
 * @param {Intl.DateTimeFormatOptions} options
 */
export function part(at, tz, options) {
  const key = tz + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = formatIn(tz, options)));
  return format.format(at).replace(/,/g, '');
}

/** A zone, UTC in place of what is none: nothing is told as the time of a place that is not known. @param {string} tz */
export function zoneOrUtc(tz) {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: tz }).format(0);
    return tz;
  } catch {
    return 'UTC';
  }
}

/** An address may name a zone that is none: the service says so, and all else is told in UTC. @param {string} tz @param {Intl.DateTimeFormatOptions} options */
function formatIn(tz, options) {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: tz, hourCycle: 'h23', ...options });
  } catch {
    return new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hourCycle: 'h23', ...options });
  }
}

/** 14:37 @param {number} at @param {string} tz */
export const clock = (at, tz) => part(at, tz, { hour: '2-digit', minute: '2-digit' });
/** 14:37:05 @param {number} at @param {string} tz */
export const second = (at, tz) => part(at, tz, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
/** Wed 25 Nov @param {number} at @param {string} tz */
export const day = (at, tz) => part(at, tz, { weekday: 'short', day: 'numeric', month: 'short' });
/** 25 Nov 2026 @param {number} at @param {string} tz */
export const date = (at, tz) => part(at, tz, { day: 'numeric', month: 'short', year: 'numeric' });
/** Wed 25 Nov 14:37 @param {number} at @param {string} tz */
export const moment = (at, tz) => `${day(at, tz)} ${clock(at, tz)}`;

/**
 * UTC+1, UTC−3:30
 * @param {number} at
 * @param {string} tz
 */
export const offset = (at, tz) =>
  (part(at, tz, { timeZoneName: 'longOffset' }).split(' ').pop() ?? '')
    .replace('GMT', 'UTC')
    .replace(/([+-])0?(\d+):00/, '$1$2')
    .replace(/([+-])0(\d)/, '$1$2')
    .replace('-', '−');

/** Berlin @param {string} tz */
export const place = (tz) => (tz.split('/').pop() ?? tz).replace(/_/g, ' ');
/** Berlin time @param {string} tz */
export const zoneName = (tz) => (tz === 'UTC' ? tz : `${place(tz)} time`);
/** Berlin time (UTC+1) @param {number} at @param {string} tz */
export const zone = (at, tz) => (tz === 'UTC' ? tz : `${zoneName(tz)} (${offset(at, tz)})`);

/**
 * A bucket in words; the hour that comes twice in autumn with its offset.
 * @param {number} from
 * @param {number} to
 * @param {string} unit
 * @param {string} tz
 */
export function bucket(from, to, unit, tz) {
  // Days of some zones are cut at the whole hour before they begin.
  const within = from + HOUR - 1;
  if (unit === 'day') return day(within, tz);
  // A week that the range begins within is told by its first day that is in it.
  if (unit === 'week') return `week ${part(within, tz, { weekday: 'short' }) === 'Mon' ? 'of' : 'from'} ${day(within, tz)}`;
  if (unit === 'month') return part(within, tz, { month: 'long', year: 'numeric' });
  const first = clock(from, tz) === clock(to, tz);
  const text = `${day(from, tz)} ${clock(from, tz)}–${clock(first ? to + HOUR : to, tz)}`;
  return first || clock(from - HOUR, tz) === clock(from, tz) ? `${text} (${offset(from, tz)})` : text;
}

/**
 * At most two units: 3 h 16 min, 4 s.
 * @param {number} ms
 */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  /** @type {[number, string][]} */
  const units = [[Math.floor(seconds / 86_400), 'd'], [Math.floor(seconds / 3_600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'min'], [seconds % 60, 's']];
  const first = units.findIndex(([n]) => n > 0);
  if (first < 0) return '0 s';
  return units.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(' ');
}
