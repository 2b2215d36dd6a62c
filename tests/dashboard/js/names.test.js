import assert from 'node:assert/strict';
import test from 'node:test';

import { changed, readAddress } from '../../../dashboard/page/js/address.js';
import { only } from '../../../dashboard/page/js/listing.js';
import { pieces, spoken } from '../../../dashboard/page/js/names.js';
import { zoneOrUtc } from '../../../dashboard/page/js/say.js';

const SEEN = /** @type {[string, string][]} */ ([
  ['example.com/a b', 'example.com/a b'],
  ['example.com/', 'example.com/'],
  ['example.com/ ', 'example.com/[U+0020]'],
  [' example.com', '[U+0020]example.com'],
  ['a  b', 'a[U+0020] b'],
  ['a\u00a0b', 'a[U+00A0]b'],
  ['a\u200db\u200cc', 'a[U+200D]b[U+200C]c'],
  ['a\u{e0041}\u3164\u180e', 'a[U+E0041][U+3164][U+180E]'],
  ['\u202egnp.exe', '[U+202E]gnp.exe'],
  ['/👩\u200d👧', '/👩\u200d👧'],
  ['/می\u200cخواهم', '/می\u200cخواهم'],
  ['   ', '[3 spaces]'],
]);

test('a name is seen as what it is', () => {
  for (const [name, seen] of SEEN) assert.equal(spoken(name), seen);
});

test('a long name is cut in the middle for ears and titles too', () => {
  assert.equal(spoken('x'.repeat(2_000)), `${'x'.repeat(200)}…${'x'.repeat(20)}`);
  assert.equal(pieces('x'.repeat(2_000)).length, 3);
});

test('the site without a name is asked for by the slash that its pages begin with', () => {
  const view = readAddress(new URL('http://localhost/?site='));
  assert.equal(view.prefix, '/');
  assert.equal(changed(view, only.site('')).prefix, '/');
  assert.equal(changed(view, only.site('example.com')).prefix, '');
});

test('no time is told of a place that is none', () => {
  assert.equal(zoneOrUtc('Europe/Berlin'), 'Europe/Berlin');
  assert.equal(zoneOrUtc('\u202e'), 'UTC');
  assert.equal(zoneOrUtc('Nowhere/Atall'), 'UTC');
});
