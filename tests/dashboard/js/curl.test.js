import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';

import { readAddress } from '../../../dashboard/page/js/address.js';
import { curlOf, quoted } from '../../../dashboard/page/js/curl.js';

const HERE = 'http://127.0.0.1:3000';
const of = (address) => curlOf(readAddress(new URL(address, HERE)), HERE);

test('the question of a page is that of the service, with its whole address', () => {
  assert.equal(of('/?period=7d&unit=hour&tz=UTC'), "curl -i 'http://127.0.0.1:3000/stats/views?period=7d&unit=hour&tz=UTC'");
  assert.equal(of('/'), "curl -i 'http://127.0.0.1:3000/stats/views'");
  assert.equal(of('/pages?search=lan&unit=hour'), "curl -i 'http://127.0.0.1:3000/stats/pages?search=lan'");
  assert.equal(of('/operations?period=7d'), "curl -i 'http://127.0.0.1:3000/stats/operations'");
});

test('views that came from nowhere are asked for', () => {
  assert.match(of('/?source='), /views\?source='$/);
});

test('a key stands there by its name', () => {
  assert.match(curlOf(readAddress(new URL(HERE)), HERE, true), /^curl -i -H "Authorization: Bearer \$READ_KEY" '/);
});

test('a shell reads what was meant, whatever a page is called', () => {
  for (const name of ["it's", '$(id) `id` "x" \\ \n ! *', "'\\''"]) {
    assert.equal(execFileSync('sh', ['-c', `printf %s ${quoted(name)}`], { encoding: 'utf8' }), name);
    const line = of(`/?page=${encodeURIComponent(name)}`).replace('curl -i', 'printf %s');
    const told = new URL(execFileSync('sh', ['-c', line], { encoding: 'utf8' }));
    assert.equal(told.searchParams.get('page'), name);
  }
});
