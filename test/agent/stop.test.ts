import { expect, test } from '@jest/globals';
import { FakeCloud } from '../support/fake-backend.ts';
import { TestSite, until } from './rig.ts';

test('an agent that is stopped at any moment of its start ends', async () => {
  let met = 0;
  for (let at = 0; met >= at; at++) {
    met = 0;
    const cloud = new FakeCloud();
    const paris = new TestSite(cloud, 'paris');
    let stopping: Promise<void> | undefined;
    const meet = (): void => {
      if (met++ === at) stopping = paris.agent?.stop();
    };
    paris.volume.before = meet;
    cloud.hook = meet;
    await paris.start();
    await until('it is up, or on its way down', () => stopping !== undefined || paris.agent!.status().state === 'idle');
    await (stopping ?? paris.agent!.stop());
  }
  expect(met).toBeGreaterThan(20);
});
