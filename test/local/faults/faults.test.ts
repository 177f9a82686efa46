import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../../lib/base/random.ts';
import { Faults } from '../../../lib/local/faults.ts';

const late = { kind: 'delay', ms: 1 } as const;
const broken = { kind: 'drop', when: 'before' } as const;

describe('planted faults', () => {
  test('the first rule that fits strikes, as often as it says', () => {
    const faults = new Faults();
    faults.plant({ match: /^PUT /, fault: late, times: 2 });
    faults.add(/./, broken);
    expect(['GET /a', 'PUT /a', 'PUT /a', 'PUT /a', 'GET /a'].map((line) => faults.take(line)?.kind)).toEqual([
      'drop',
      'delay',
      'delay',
      undefined,
      undefined,
    ]);
    expect([faults.struck, faults.planted]).toEqual([3, []]);
  });

  test('a chance strikes about that often, and the same seed the same exchanges', () => {
    const run = (): boolean[] => {
      const faults = new Faults({ random: seededRandom(7) });
      faults.plant({ match: /./, fault: late, times: Infinity, chance: 0.2 });
      return Array.from({ length: 1_000 }, () => faults.take('GET /') !== undefined);
    };
    const struck = run();
    expect(struck.filter(Boolean).length).toBeGreaterThan(150);
    expect(struck.filter(Boolean).length).toBeLessThan(250);
    expect(run()).toEqual(struck);
  });

  test('a crash is a broken connection, and kills when the edge breaks it', () => {
    const killed: string[] = [];
    const faults = new Faults({ crash: (process) => killed.push(process) });
    faults.add(/rename/, { kind: 'crash', process: 'functions', when: 'after' });
    const fault = faults.take('PUT /x?comp=rename');
    expect(fault).toMatchObject({ kind: 'drop', when: 'after' });
    expect(killed).toEqual([]);
    if (fault?.kind === 'drop') fault.struck?.();
    expect(killed).toEqual(['functions']);
  });

  test('what is to happen twice is asked for on its own', () => {
    const faults = new Faults();
    faults.add(/INVOKE/, { kind: 'duplicate' });
    expect(faults.take('INVOKE commit')).toBeUndefined();
    expect([faults.isTwice('INVOKE commit'), faults.isTwice('INVOKE commit')]).toEqual([true, false]);
  });

  test('cleared, nothing strikes', () => {
    const faults = new Faults();
    faults.plant({ match: /./, fault: late, times: Infinity });
    faults.clear();
    expect(faults.take('GET /')).toBeUndefined();
  });
});
