// Which modules are not the same program as sent as they are written. Asked on stdin: {written: {name: text}, sent:
// [text]}; answered on stdout: {different: [name], unsent: [name]}.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const espree = createRequire(process.argv[2])('espree');
const PLACES = new Set(['start', 'end', 'loc', 'range']);

const parsed = (text) => espree.parse(text, { ecmaVersion: 2023, sourceType: 'module' }).body;
const alike = (told) => JSON.stringify(told, (key, value) => (PLACES.has(key) ? undefined : value));

/** What a module takes, gives and does. */
function written(text) {
  const takes = [];
  const gives = [];
  const does = [];
  for (const each of parsed(text)) {
    if (each.type === 'ImportDeclaration') {
      const from = each.source.value.replace('./', '');
      for (const { imported, local } of each.specifiers) takes.push([from, imported.name, local.name]);
    } else if (each.type === 'ExportNamedDeclaration') {
      if (!each.declaration) continue;
      gives.push(...(each.declaration.declarations ?? [each.declaration]).map(({ id }) => id.name));
      does.push(each.declaration);
    } else does.push(each);
  }
  return alike({ takes, gives, does });
}

/** The same of one that was joined to others, by name. */
function* sent(text) {
  for (const each of parsed(text)) {
    const scope = each.expression?.right?.callee?.body;
    if (each.expression?.left?.object?.name !== '$modules' || !scope) continue;
    const does = [...scope.body];
    const gives = does.pop().argument.properties.map(({ key }) => key.name);
    const takes = [];
    while (does[0]?.declarations?.[0].init?.object?.name === '$modules') {
      const [{ id, init }] = does.shift().declarations;
      for (const { key, value } of id.properties) takes.push([init.property.value, key.name, value.name]);
    }
    yield [each.expression.left.property.value, alike({ takes, gives, does })];
  }
}

const asked = JSON.parse(readFileSync(0, 'utf8'));
const found = new Map(asked.sent.flatMap((text) => [...sent(text)]));
const names = Object.keys(asked.written);
const unsent = names.filter((name) => !found.has(name));
const different = names.filter((name) => found.has(name) && found.get(name) !== written(asked.written[name]));
process.stdout.write(JSON.stringify({ different, unsent }));
