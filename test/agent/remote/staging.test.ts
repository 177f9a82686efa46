import { Headers } from '../../../lib/azure/rest/answer-reader.ts';
import { describe, expect, test } from '@jest/globals';
import { Staging, stageFile } from '../../../lib/agent/remote/staging.ts';
import type { FilesRest } from '../../../lib/azure/rest/files.ts';
import { attributesIn } from '../../../lib/protocol/attributes.ts';
import type { Slots } from '../../../lib/protocol/api.ts';

const hour = 3_600_000;

function rig() {
  const world = { now: 0, batches: 0, failing: false, life: 168 * hour };
  const staging = new Staging(
    async (count): Promise<Slots> => {
      await Promise.resolve();
      if (world.failing) throw new Error('no slots');
      const batch = world.batches++;
      const slots = Array.from({ length: count }, (_, index) => {
        const slot = `${batch}-${index}`;
        return { slot, sas: `sas-${slot}`, blocksSas: `blocks-${slot}` };
      });
      return { directory: 'dir', expires: world.now + world.life, slots };
    },
    () => world.now,
  );
  return { world, staging };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('slots', () => {
  test('are given once each, and fetched before they run out', async () => {
    const { world, staging } = rig();
    const taken = await Promise.all(Array.from({ length: 300 }, () => staging.take()));
    expect(new Set(taken.map(({ slot }) => slot)).size).toBe(300);
    expect(world.batches).toBe(3);
    for (let i = 0; i < 84; i++) await staging.take();
    expect(world.batches).toBe(4);
  });

  test('have their own path and signature until they are used', async () => {
    const { staging } = rig();
    const { slot } = await staging.take();
    expect(staging.place(slot)).toEqual({ path: `dir/${slot}`, sas: `sas-${slot}`, blocksSas: `blocks-${slot}` });
    staging.forget(slot);
    expect(() => staging.place(slot)).toThrow('not ours any more');
  });

  test('that end within the hour are not given any more', async () => {
    const { world, staging } = rig();
    await staging.take();
    world.now += world.life - hour;
    expect((await staging.take()).slot).toMatch(/^1-/);
  });

  test('a fetch that fails is told to who needs it; one ahead of need harms nobody', async () => {
    const { world, staging } = rig();
    for (let i = 0; i < 60; i++) await staging.take();
    world.failing = true;
    const told: unknown[] = [];
    const listen = (error: unknown): void => void told.push(error);
    process.on('unhandledRejection', listen);
    for (let i = 60; i < 128; i++) await staging.take();
    await turn();
    process.off('unhandledRejection', listen);
    expect(told).toEqual([]);
    await expect(staging.take()).rejects.toThrow('no slots');
    world.failing = false;
    expect((await staging.take()).slot).toBe('1-0');
  });

  test('that have ended when they come are an error, not asked for without end', async () => {
    const { world, staging } = rig();
    world.life = hour;
    await expect(staging.take()).rejects.toMatchObject({ code: 'clock_skew' });
    expect(world.batches).toBe(1);
  });
});

test('a staged file says in ASCII what it is of, and whose', async () => {
  const sent: Readonly<Record<string, string>>[] = [];
  const rest: Pick<FilesRest, 'call'> = {
    call: (_method, _path, _query, headers) => {
      sent.push(headers);
      return Promise.resolve({
        status: 201,
        headers: new Headers('HTTP/1.1 201 Created\r\netag: "1"'),
        body: Buffer.alloc(0),
        code: '',
      });
    },
  };
  const place = { path: 'dir/1', sas: '', blocksSas: '' };
  const more = { mode: 0o640, owner: 'Zoë', group: '1000', xattrs: { 'user.tag': 'YQ==' } };
  const properties = { node: 'e-1-1', name: 'ü\udcff', mtime: '1', ...more };
  await stageFile(rest as FilesRest, place, '1', 0, undefined, properties);
  const metadata = Object.entries(sent[0] ?? {}).flatMap(([name, value]) =>
    name.startsWith('x-ms-meta-') ? [[name.slice('x-ms-meta-'.length), value] as const] : [],
  );
  expect(metadata.map(([, value]) => value).join('')).toMatch(/^[!-~]*$/);
  expect(Object.fromEntries(metadata)).toMatchObject({ tw_op: '1', tw_node: 'e-1-1', tw_mtime: '1' });
  expect(attributesIn(Object.fromEntries(metadata))).toEqual(more);
});
