// azd and the workflows by their texts: their schemas let a misspelt name pass.
import { describe, expect, test } from '@jest/globals';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');
const main = JSON.parse(read('infra/compiled/main.json')) as {
  parameters: Record<string, { defaultValue?: unknown; type?: string }>;
  outputs: Record<string, { metadata?: { description?: string } }>;
};

describe('azure.yaml', () => {
  const text = read('azure.yaml');
  const keys = Array.from(text.matchAll(/^(\s*)([A-Za-z]+):/gm), ([, indent, key]) => `${indent?.length}${key}`);

  test('has the keys that azd knows, and no others', () => {
    const known = [
      '0name',
      '0metadata',
      '2template',
      '0infra',
      '2provider',
      '2path',
      '2module',
      '0services',
      '2functions',
    ];
    const more = ['4project', '4host', '4language', '4remoteBuild', '0hooks', '4shell', '4run'];
    const hooks = ['2preprovision', '2prepackage', '2postdeploy'];
    expect(keys.filter((key) => ![...known, ...more, ...hooks].includes(key))).toEqual([]);
    expect(keys).toEqual(expect.arrayContaining(hooks));
  });

  test('names a template that is there, and hooks that can be run', () => {
    expect(existsSync(path.join(root, 'infra/main.bicep'))).toBe(true);
    const scripts = Array.from(text.matchAll(/run: (infra\/\S+)/g), ([, file]) => file ?? '');
    expect(scripts).toEqual(['infra/hooks/secrets.sh', 'infra/hooks/subscribe.sh']);
    for (const file of scripts) accessSync(path.join(root, file), constants.X_OK);
    const { scripts: commands } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, command] of text.matchAll(/npm run (\S+)/g)) expect(commands).toHaveProperty([command ?? '']);
  });

  test('finds the app by its tag, in the group with the name of the environment', () => {
    const snapshot = read('infra/variants/smallest.snapshot.json');
    expect(snapshot.match(/"azd-service-name": "functions"/g)).toHaveLength(1);
    expect(text).toMatch(/^services:\n {2}functions:/m);
    expect(snapshot).toMatch(/"azd-env-name": "a"/);
  });
});

test('main.parameters.json sets parameters that exist, and all that have no default', () => {
  const { parameters } = JSON.parse(read('infra/main.parameters.json')) as { parameters: Record<string, unknown> };
  const known = Object.keys(main.parameters);
  expect(Object.keys(parameters).filter((name) => !known.includes(name))).toEqual([]);
  const needed = known.filter((name) => main.parameters[name]?.defaultValue === undefined);
  expect(needed.filter((name) => !(name in parameters))).toEqual([]);
});

test('the hook that subscribes gets what the template gives, and gives what the other template takes', () => {
  const hook = read('infra/hooks/subscribe.sh');
  const used = Array.from(hook.matchAll(/\$([A-Z_]+)/g), ([, name]) => name ?? '');
  expect(used.filter((name) => !(name in main.outputs))).toEqual([]);
  const { parameters } = JSON.parse(read('infra/compiled/subscriptions.json')) as { parameters: object };
  const given = Array.from(hook.matchAll(/^ {2}(\w+)="/gm), ([, name]) => name ?? '');
  expect(given.toSorted()).toEqual(Object.keys(parameters).toSorted());
});

test('every parameter stands in docs/deploy.md', () => {
  const text = read('docs/deploy.md');
  expect(Object.keys(main.parameters).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

test('every role stands in docs/deploy.md', () => {
  const roles = JSON.parse(read('infra/roles.json')) as Record<string, unknown>;
  const text = read('docs/deploy.md');
  const ids = Object.values(roles).filter((id): id is string => typeof id === 'string');
  expect(ids.filter((id) => !text.includes(id))).toEqual([]);
});

test.each(['ci', 'deploy'])('.github/workflows/%s.yml: no secret is written down, commands exist', (name) => {
  const text = read(`.github/workflows/${name}.yml`);
  expect(text).not.toMatch(/(password|client-secret|connection-string)\s*:/i);
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const [, command] of text.matchAll(/npm run (\S+)/g)) expect(scripts).toHaveProperty([command ?? '']);
  if (name === 'deploy') expect(text).toMatch(/id-token: write/);
});
