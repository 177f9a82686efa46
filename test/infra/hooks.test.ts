// The hooks of azure.yaml, run as azd runs them: with the values of the environment as variables. `azd` and `az` are stand-ins
// that write down what they are asked; `openssl` is the machine's unless a test says otherwise.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';

const hooks = path.join(import.meta.dirname, '../../infra/hooks');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
let bin: string;
let calls: string;

beforeEach(() => {
  bin = mkdtempSync(path.join(tmpdir(), 'tideway-hooks-'));
  calls = path.join(bin, 'calls');
  // Nothing else of the machine is to be found: what a hook needs beside these, a fresh machine has to have.
  symlinkSync(where('dirname') ?? '', path.join(bin, 'dirname'));
  const openssl = where('openssl');
  if (openssl === undefined) tool('openssl', `exec "${process.execPath}" -e '${standIn}' -- "$@"`);
  else symlinkSync(openssl, path.join(bin, 'openssl'));
  tool('azd');
  tool('az');
});

/** `rand -hex 24` and `dgst -sha256 -r` of a machine that has no openssl. */
const standIn = `
  const crypto = require("crypto");
  const digest = () => crypto.createHash("sha256").update(require("fs").readFileSync(0)).digest("hex") + " *stdin";
  console.log(process.argv[1] === "rand" ? crypto.randomBytes(24).toString("hex") : digest());`;

function where(name: string): string | undefined {
  const places = (process.env['PATH'] ?? '').split(':').map((dir) => path.join(dir, name));
  return places.find((file) => existsSync(file));
}

/** A command that notes its arguments, one a line, and then does what `then` says. */
function tool(name: string, then = ''): void {
  const file = path.join(bin, name);
  // Not through the link, to the machine's own.
  rmSync(file, { force: true });
  writeFileSync(
    file,
    `#!/bin/sh\n{ echo ${name}; for each in "$@"; do echo "$each"; done; echo; } >>"${calls}"\n${then}\n`,
  );
  chmodSync(file, 0o755);
}

interface Ran {
  readonly code: number | null;
  readonly stderr: string;
  /** Command and arguments, in order. */
  readonly calls: readonly (readonly string[])[];
}

function run(hook: string, env: Readonly<Record<string, string>> = {}): Ran {
  writeFileSync(calls, '');
  const { status, stderr } = spawnSync('/bin/sh', [path.join(hooks, hook)], {
    env: { PATH: bin, ...env },
    encoding: 'utf8',
  });
  const noted = readFileSync(calls, 'utf8').split('\n\n').slice(0, -1);
  return { code: status, stderr, calls: noted.map((each) => each.split('\n')) };
}

/** Values that were set, in order. */
const set = ({ calls: made }: Ran): readonly (readonly string[])[] =>
  made.filter(([name]) => name === 'azd').map(([, ...args]) => args);

describe('secrets.sh', () => {
  test('the first time: a token of 24 random bytes, and then its hash', () => {
    const [one, other] = [run('secrets.sh'), run('secrets.sh')];
    const tokens = [one, other].map((each) => set(each)[0]?.[3] ?? '');
    for (const [index, ran] of [one, other].entries()) {
      const token = tokens[index] ?? '';
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(token).toMatch(/^[0-9a-f]{48}$/);
      expect(set(ran)).toEqual([
        ['env', 'set', 'TIDEWAY_TOKEN', token],
        ['env', 'set', 'TIDEWAY_TOKEN_HASH', sha256(token)],
      ]);
    }
    expect(tokens[0]).not.toBe(tokens[1]);
  });

  test.each(['kept', 'another, with spaces: $HOME `x` "y" %s \\n'])(
    'again, or with a token of your own: %s',
    (token) => {
      const ran = run('secrets.sh', { TIDEWAY_TOKEN: token });
      expect(ran.code).toBe(0);
      expect(set(ran)).toEqual([['env', 'set', 'TIDEWAY_TOKEN_HASH', sha256(token)]]);
    },
  );

  test('half way, the environment cannot be written: nothing is told of a token that was not kept', () => {
    tool('azd', 'exit 3');
    const ran = run('secrets.sh');
    expect(ran.code).toBe(3);
    expect(set(ran).map(([, , name]) => name)).toEqual(['TIDEWAY_TOKEN']);
  });

  test('half way, the hash cannot be written: the next run makes no other token', () => {
    tool('azd', 'test "$3" != TIDEWAY_TOKEN_HASH');
    const first = run('secrets.sh');
    expect(first.code).not.toBe(0);
    tool('azd');
    const token = set(first)[0]?.[3] ?? '';
    const second = run('secrets.sh', { TIDEWAY_TOKEN: token });
    expect(set(second)).toEqual([['env', 'set', 'TIDEWAY_TOKEN_HASH', sha256(token)]]);
  });

  test.each([
    ['fails', 'exit 1'],
    ['says nothing', 'exit 0'],
    ['says something else', 'echo "unknown option"'],
  ])('openssl %s: no hash is set', (_, then) => {
    tool('openssl', then);
    const ran = run('secrets.sh', { TIDEWAY_TOKEN: 'kept' });
    expect(ran.code).not.toBe(0);
    expect(set(ran)).toEqual([]);
  });

  test.each(['azd', 'openssl'])('without %s: it is said, and nothing is set', (name) => {
    rmSync(path.join(bin, name));
    for (const env of [{}, { TIDEWAY_TOKEN: 'kept' }]) {
      const ran = run('secrets.sh', env);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain(name);
      expect(ran.calls).toEqual([]);
    }
  });
});

describe('subscribe.sh', () => {
  const outputs = {
    AZURE_RESOURCE_GROUP: 'rg-a b',
    AZURE_FUNCTION_NAME: 'func-a',
    TIDEWAY_TOPIC: 'evgt-a',
    TIDEWAY_SERVICE_BUS: 'sb-a',
    TIDEWAY_HOST_ACCOUNT: 'sthosta',
    TIDEWAY_PRIVATE: 'false',
  };

  test('deploys the other template, by one name, so that a second run changes the same', () => {
    const [first, second] = [run('subscribe.sh', outputs), run('subscribe.sh', outputs)];
    expect(second).toEqual(first);
    const [az = []] = first.calls;
    expect(az.slice(0, 8)).toEqual([
      'az',
      'deployment',
      'group',
      'create',
      '--resource-group',
      'rg-a b',
      '--name',
      'tideway-subscriptions',
    ]);
    const template = az[az.indexOf('--template-file') + 1] ?? '';
    expect(path.resolve(template)).toBe(path.resolve(hooks, '../subscriptions.bicep'));
    expect(az.slice(az.indexOf('--parameters') + 1, -2)).toEqual([
      'topicName=evgt-a',
      'functionName=func-a',
      'serviceBusName=sb-a',
      'hostAccount=sthosta',
      'isPrivate=false',
    ]);
  });

  test('a refusal is not hidden: azd tells it', () => {
    tool('az', 'echo "the function did not answer" >&2; exit 7');
    expect(run('subscribe.sh', outputs)).toMatchObject({ code: 7, stderr: 'the function did not answer\n' });
  });

  test.each(Object.keys(outputs))('without %s, which the template gives: it is said, and nothing is asked', (name) => {
    const { [name as keyof typeof outputs]: _, ...rest } = outputs;
    const ran = run('subscribe.sh', rest);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain(name);
    expect(ran.calls).toEqual([]);
  });

  test('without az: it is said', () => {
    rmSync(path.join(bin, 'az'));
    const ran = run('subscribe.sh', outputs);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(/\baz\b/);
  });
});
