// The small parts, each alone.
import { describe, expect, test } from '@jest/globals';
import { defaultExcludes, excluder } from '../../lib/agent/scan/exclude.ts';
import { Flush } from '../../lib/agent/apply/flush.ts';
import { blockHash, contentHash } from '../../lib/agent/hash.ts';
import { Online } from '../../lib/agent/online.ts';
import { Ordered } from '../../lib/agent/apply/ordered.ts';
import { Pool, eachBounded, inParallel } from '../../lib/base/pool.ts';
import { isQuiet, quietFor } from '../../lib/agent/scan/quiet.ts';
import { Touched } from '../../lib/agent/scan/touched.ts';
import { Signal } from '../../lib/agent/signal.ts';
import { systemClock, type Clock } from '../../lib/base/clock.ts';
import { TidewayError } from '../../lib/base/errors.ts';
import { silent } from '../../lib/base/log.ts';
import { seededRandom } from '../../lib/base/random.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('exclude', () => {
  test.each([
    ['~$Report.docx', true],
    ['db.LACCDB', true],
    ['thumbs.db', true],
    ['Desktop.ini', true],
    ['desktop.ini.txt', false],
    ['a~$b', false],
    ['laccdb', false],
  ])('%s by default: %s', (name, excluded) => {
    expect(excluder(defaultExcludes)(name)).toBe(excluded);
  });

  test('a pattern is no regular expression', () => {
    const excluded = excluder(['a.b', '[x]', 'c?d', '(*)']);
    expect(['a.b', 'axb', '[x]', 'x', 'c-d', 'cd', '(any)', 'any'].map(excluded)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('touched', () => {
  test('a name counts for scans that began before it ended, and for no others', () => {
    const touched = new Touched();
    const before = touched.scan();
    touched.begin('d', 'a');
    const meanwhile = touched.scan();
    touched.end('d', 'a');
    const after = touched.scan();
    expect([before, meanwhile, after].map((scan) => touched.during(scan, 'd', 'a'))).toEqual([true, true, false]);
    expect(touched.during(before, 'd', 'b')).toBe(false);
  });

  test('two at one name: it is touched until the last ends', () => {
    const touched = new Touched();
    touched.begin('d', 'a');
    touched.begin('d', 'a');
    touched.end('d', 'a');
    const scan = touched.scan();
    expect(touched.during(scan, 'd', 'a')).toBe(true);
    touched.end('d', 'a');
    touched.scanned(scan);
    expect(touched.during(touched.scan(), 'd', 'a')).toBe(false);
  });
});

describe('ordered', () => {
  test('what meets at a key runs in the order of the calls, all else side by side', async () => {
    const ordered = new Ordered();
    const log: string[] = [];
    const work = (name: string, gate: Promise<void>) => async (): Promise<void> => {
      log.push(`+${name}`);
      await gate;
      log.push(`-${name}`);
    };
    const gate = Promise.withResolvers<void>();
    const all = [
      ordered.run(new Set(['dir']), new Set(), work('mkdir', gate.promise)),
      ordered.run(new Set(['a']), new Set(['dir']), work('a', Promise.resolve())),
      ordered.run(new Set(['b']), new Set(['dir']), work('b', Promise.resolve())),
      ordered.run(new Set(['dir']), new Set(), work('rmdir', Promise.resolve())),
      ordered.run(new Set(['other']), new Set(), work('other', Promise.resolve())),
    ];
    await turn();
    expect(log).toEqual(['+mkdir', '+other', '-other']);
    gate.resolve();
    await Promise.all(all);
    expect(log.slice(3)).toEqual(['-mkdir', '+a', '+b', '-a', '-b', '+rmdir', '-rmdir']);
  });

  test('work that fails lets the next one through', async () => {
    const ordered = new Ordered();
    const failed = ordered.run(new Set(['k']), new Set(), () => Promise.reject(new Error('no')));
    let ran = false;
    const next = ordered.run(new Set(['k']), new Set(), async () => {
      ran = true;
    });
    await expect(failed).rejects.toThrow('no');
    await next;
    expect(ran).toBe(true);
  });
});

describe('flush', () => {
  test('whoever asks during a flush is answered by the next one, together', async () => {
    const gates: (() => void)[] = [];
    const flush = new Flush(() => new Promise((resolve) => gates.push(resolve)));
    const done: string[] = [];
    void flush.run().then(() => done.push('first'));
    await turn();
    await turn();
    const others = ['second', 'third'].map((name) => flush.run().then(() => done.push(name)));
    await turn();
    expect([gates.length, done]).toEqual([1, []]);
    gates[0]?.();
    await turn();
    await turn();
    expect([gates.length, done]).toEqual([2, ['first']]);
    gates[1]?.();
    await Promise.all(others);
    expect([flush.counters.flushes, done]).toEqual([2, ['first', 'second', 'third']]);
  });

  test('after a crowd the next one rests as long as the last took, after one caller it does not', async () => {
    let now = 0;
    const slept: number[] = [];
    const clock = {
      now: () => now,
      monotonic: () => now,
      sleep: async (ms: number) => {
        slept.push(ms);
        now += ms;
      },
    };
    const flush = new Flush(
      async () => {
        now += 7;
      },
      { clock, crowd: 3, atLeastMs: 5 },
    );
    await flush.run();
    await flush.run();
    expect(slept).toEqual([]);
    await Promise.all([flush.run(), flush.run(), flush.run()]);
    await flush.run();
    expect(slept).toEqual([7]);
    await flush.run();
    expect(slept).toEqual([7]);
  });

  test('the rest is never shorter than it is to be', async () => {
    const slept: number[] = [];
    const clock = { now: () => 0, monotonic: () => 0, sleep: async (ms: number) => void slept.push(ms) };
    const flush = new Flush(async () => {}, { clock, crowd: 2, atLeastMs: 20 });
    await Promise.all([flush.run(), flush.run()]);
    await flush.run();
    expect(slept).toEqual([20]);
  });

  test('an error is told to those whom it concerns', async () => {
    let fail = true;
    const flush = new Flush(async () => {
      if (fail) throw new Error('EIO');
    });
    const first = flush.run();
    await expect(first).rejects.toThrow('EIO');
    fail = false;
    await flush.run();
    expect(flush.counters.flushes).toBe(2);
  });
});

describe('pool', () => {
  test('never more at once than it has places, in order, also after errors', async () => {
    const pool = new Pool(2);
    let most = 0;
    const started: number[] = [];
    const results = await Promise.allSettled(
      [0, 1, 2, 3, 4].map((index) =>
        pool.run(async () => {
          started.push(index);
          most = Math.max(most, pool.running);
          await turn();
          if (index === 1) throw new Error('one fails');
        }),
      ),
    );
    expect([most, started, results.filter(({ status }) => status === 'rejected').length, pool.running]).toEqual([
      2,
      [0, 1, 2, 3, 4],
      1,
      0,
    ]);
  });

  test('after an error nothing new is begun', async () => {
    const begun: number[] = [];
    const work = async (item: number): Promise<void> => {
      begun.push(item);
      await turn();
      if (item === 1) throw new Error('stop');
    };
    await expect(eachBounded([1, 2, 3, 4, 5], 2, work)).rejects.toThrow('stop');
    expect(begun).toEqual([1, 2]);
  });
});

describe('online', () => {
  const quick: Clock = { ...systemClock, sleep: async () => turn() };
  const make = (signal: AbortSignal): Online =>
    new Online({ clock: quick, random: seededRandom(1), log: silent, signal });

  test('repeats until it is answered, and says that it is offline meanwhile', async () => {
    const online = make(new AbortController().signal);
    const seen: boolean[] = [];
    const answer = await online.call('x', async () => {
      seen.push(online.offline);
      if (seen.length < 4) throw new Error('no route');
      return 'answer';
    });
    expect([answer, seen, online.offline]).toEqual(['answer', [false, true, true, true], false]);
  });

  test('passes on what is an answer', async () => {
    const online = make(new AbortController().signal);
    const call = online.call('x', () => Promise.reject(new TidewayError('clone', 'another')));
    await expect(call).rejects.toMatchObject({ code: 'clone' });
    await expect(online.call('x', () => Promise.reject(new Error('late')), { patienceMs: 0 })).rejects.toThrow('late');
    expect(online.offline).toBe(false);
  });

  test('ends with the signal', async () => {
    const abort = new AbortController();
    const call = make(abort.signal).call('x', () => Promise.reject(new Error('down')));
    abort.abort(new Error('stopped'));
    await expect(call).rejects.toThrow('stopped');
  });
});

describe('quiet', () => {
  const stat = (size: number, ctimeMs: number): Parameters<typeof isQuiet>[0] => ({
    kind: 'file',
    size,
    mode: 0o644,
    mtimeNs: 0n,
    ctimeNs: BigInt(ctimeMs) * 1_000_000n,
    dev: 1n,
    ino: 1n,
    bornNs: 0n,
    links: 1,
    uid: 0,
    gid: 0,
  });

  test('30 ms for a small file, a second for a large one', () => {
    const large = 65 * 1024 * 1024;
    expect([quietFor(10), quietFor(large)]).toEqual([30, 1000]);
    expect([isQuiet(stat(10, 1000), 1029), isQuiet(stat(10, 1000), 1030)]).toEqual([false, true]);
    expect([isQuiet(stat(large, 1000), 1999), isQuiet(stat(large, 1000), 2000)]).toEqual([false, true]);
  });
});

test('a hash is over the hashes of the blocks', () => {
  expect(contentHash([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  const [one, two] = [blockHash(Buffer.from('one')), blockHash(Buffer.from('two'))];
  expect(contentHash([one, two])).toBe(blockHash(Buffer.concat([one, two])).toString('hex'));
});

test('a signal set before the wait is not lost, and two count as one', async () => {
  const signal = new Signal();
  signal.set();
  signal.set();
  await signal.wait();
  let woken = false;
  const second = signal.wait().then(() => {
    woken = true;
  });
  await turn();
  expect(woken).toBe(false);
  signal.set();
  await second;
});

describe('in parallel', () => {
  test('the results are in the order of the items', async () => {
    const slow = async (n: number): Promise<number> => {
      for (let turns = 5 - n; turns > 0; turns--) await turn();
      return n * 10;
    };
    expect(await inParallel([1, 2, 3, 4, 5], 2, slow)).toEqual([10, 20, 30, 40, 50]);
    expect(await inParallel([], 2, slow)).toEqual([]);
  });

  test('after an error nothing is begun, and it is told when what was begun has ended', async () => {
    const ended: number[] = [];
    const begun: number[] = [];
    const work = async (n: number): Promise<void> => {
      begun.push(n);
      await turn();
      if (n === 1) throw new Error('no');
      for (let turns = 0; turns < 5; turns++) await turn();
      ended.push(n);
    };
    await expect(inParallel([1, 2, 3, 4], 2, work)).rejects.toThrow('no');
    expect([begun, ended]).toEqual([[1, 2], [2]]);
  });
});
