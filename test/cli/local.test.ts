import { describe, expect, test } from '@jest/globals';
import { local } from '../../lib/cli/local.ts';

describe('tideway local refuses', () => {
  test.each([
    ['a service that is none', ['--only', 'tables,blobs'], '--only blobs is no service'],
    ['functions without an app', ['--only', 'functions'], 'need an app'],
    ['Durable without an app', ['--only', 'tables,durable'], 'need an app'],
    ['an app that is not to run', ['--app', '.', '--only', 'tables'], '--app needs functions'],
    ['a port that is none', ['--port', '70000'], '--port 70000'],
    ['ports above the last', ['--port', '65535'], '--port 65535'],
    ['time that stands still', ['--time-scale', '0'], '--time-scale 0'],
    ['time that is slower', ['--time-scale', '2'], '--time-scale 2'],
    ['an option that is none', ['--site', 'a=b'], '--site'],
    ['more words', ['tables'], 'unexpected argument'],
  ])('%s', async (_, args, message) => {
    await expect(local(args)).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining(message) });
  });
});
