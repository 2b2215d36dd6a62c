import assert from 'node:assert/strict';
import test from 'node:test';

import { accepted, ways } from '../../../dashboard/page/js/first-words.js';

const NOW = Date.parse('2026-11-25T14:37:21.400Z');

test('three ways, with the address of this service and the present minute', () => {
  assert.deepEqual(ways('http://127.0.0.1:3000', NOW, {}).map(({ code }) => code), [
    '<script defer src="http://127.0.0.1:3000/tracker.js"\n        data-domain="example.com"></script>',
    `curl http://127.0.0.1:3000/page-views/single \\\n     -d '{"page":"example.com/page","timestamp":"2026-11-25T14:37:00Z"}'`,
    'footfall import access.log.1.gz access.log --host example.com --pages-only',
  ]);
});

test('where the import would not find it by itself it is told where', () => {
  assert.match(ways('https://stats.example', NOW, {})[2].code, / \\\n {5}--to 'https:\/\/stats\.example'$/);
});

test('a key stands there by its name, and the site is one of its own', () => {
  const [tag, curl, logs] = ways('https://stats.example', NOW, { needs_key: true, own: ['shop.example'], accepts: ['a.example'] }).map(({ code }) => code);
  assert.match(tag, /data-domain="shop\.example"/);
  assert.match(curl, /^curl -H "Authorization: Bearer \$INGEST_KEY" https:/);
  assert.match(curl, /"page":"shop\.example\/page"/);
  assert.match(logs, /^FOOTFALL_KEY="\$INGEST_KEY" footfall import .* --host shop\.example /);
});

test('of which sites views are accepted is said where it is known', () => {
  assert.deepEqual(accepted(), ['Waiting for the first view. ', 'SITES may say of which sites views are accepted.']);
  assert.equal(accepted(null).join(''), 'Waiting for the first view. Sites accepted: any. SITES=example.com limits them.');
  assert.equal(accepted(['a', 'b'])[0], 'Waiting for the first view. Sites accepted: a, b. ');
  assert.equal(accepted(['1', '2', '3', '4', '5', '6', '7'])[0], 'Waiting for the first view. Sites accepted: 1, 2, 3, 4, 5 and 2 more. ');
  assert.match(ways('https://stats.example', NOW, { accepts: ['a.example'] })[0].code, /data-domain="a\.example"/);
});
