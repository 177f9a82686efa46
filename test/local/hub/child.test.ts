import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { silent } from '../../../lib/base/log.ts';
import { Child } from '../../../lib/local/hub/child.ts';

const script = path.join(import.meta.dirname, 'child-script.ts');
const pids: (number | undefined)[] = [];
let child: Child;

function make(way: string): Child {
  pids.length = 0;
  child = new Child({ site: 'a', script, args: [way], log: silent, onPid: (pid) => pids.push(pid) });
  return child;
}

afterEach(() => child.stop());

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function until(what: string, look: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!look()) {
    if (performance.now() > deadline) throw new Error(`not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('an agent of the hub', () => {
  test('answers, with what it says and with its refusals', async () => {
    await make('up').start();
    expect(await child.ask({ do: 'status' })).toBe(child.pid);
    await expect(child.ask({ do: 'pause' })).rejects.toMatchObject({ code: 'no', message: 'not now' });
  });

  test('that cannot start says why', async () => {
    await expect(make('refusing').start()).rejects.toMatchObject({ code: 'state_corrupt', hint: 'Mend it.' });
    await expect(make('dying').start()).rejects.toMatchObject({ code: 'agent_down' });
  });

  test('is started again when it dies; who asked it meanwhile is told', async () => {
    await make('up').start();
    const before = child.pid;
    await expect(child.ask({ do: 'rescan' })).rejects.toMatchObject({ code: 'agent_down' });
    await expect(child.ask({ do: 'status' })).rejects.toMatchObject({ code: 'agent_down' });
    await until('it to be back', () => child.pid !== undefined);
    expect(child.pid).not.toBe(before);
    expect(child.restarts).toBe(1);
    expect(pids).toEqual([before, undefined, child.pid]);
  });

  test('is started anew at once when it is asked for', async () => {
    await make('up').start();
    const before = child.pid;
    await child.restart();
    expect(await child.ask({ do: 'status' })).not.toBe(before);
    expect(isRunning(before ?? 0)).toBe(false);
  });

  test('is ended by stop, also while it is being started again, and stays so', async () => {
    await make('up').start();
    process.kill(child.pid ?? 0, 'SIGKILL');
    await until('its end', () => child.pid === undefined);
    await child.stop();
    expect(child.pid).toBeUndefined();
    await expect(child.ask({ do: 'status' })).rejects.toMatchObject({ code: 'agent_down' });
  });

  test('that does not end by itself is ended', async () => {
    await make('stubborn').start();
    const { pid } = child;
    await child.stop();
    expect(isRunning(pid ?? 0)).toBe(false);
  }, 15_000);
});
