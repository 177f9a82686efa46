// What the commit protocol leans on in a share, whichever implements it: the one in memory that the simulator uses, and
// the real one over REST. A difference between the two would make every proof in memory worthless.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ShareRefusal, type Share } from '../../../lib/cloud/ports.ts';

export interface ShareRig {
  readonly share: Share;
  /** A file with content, made as an agent stages it. */
  upload(path: string, content: Uint8Array, metadata: Readonly<Record<string, string>>): Promise<void>;
  /** Opens a path as an SMB client that shares nothing; answers how to close it. */
  open(path: string): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

export function shareContract(name: string, start: () => Promise<ShareRig>): void {
  describe(`a share: ${name}`, () => {
    let rig: ShareRig;
    let share: Share;
    beforeAll(async () => {
      rig = await start();
      share = rig.share;
      await share.mkdir('d', {});
    });
    afterAll(() => rig.stop());

    const fault = async (work: Promise<unknown>): Promise<string> => {
      try {
        await work;
      } catch (error) {
        if (error instanceof ShareRefusal) return error.fault;
        throw error;
      }
      return 'none';
    };

    test('what is not there is undefined, and so is a listing of it', async () => {
      expect(await share.properties('d/nothing', 'file')).toBeUndefined();
      expect(await share.properties('nothing/at/all', 'directory')).toBeUndefined();
      expect(await share.list('nothing', '')).toBeUndefined();
    });

    test('a rename keeps file id, content, last-write and metadata, and gives a new ETag', async () => {
      await rig.upload('d/one', text('one'), { tw_op: 'slot-1' });
      const before = await share.properties('d/one', 'file');
      const renamed = await share.rename('d/one', 'd/two', 'file');
      const after = await share.properties('d/two', 'file');
      expect(await share.properties('d/one', 'file')).toBeUndefined();
      expect(renamed).toEqual({ etag: after?.etag, fileId: after?.fileId, lastWrite: after?.lastWrite });
      expect(after).toMatchObject({
        fileId: before?.fileId,
        lastWrite: before?.lastWrite,
        size: 3,
        metadata: { tw_op: 'slot-1' },
      });
      expect(renamed.etag).not.toBe(before?.etag);
      expect(await share.read('d/two', renamed.etag, 0, 3)).toEqual(Buffer.from('one'));
    });

    test('nothing is replaced; a missing source is told before a taken target', async () => {
      await rig.upload('d/a', text('a'), {});
      await rig.upload('d/b', text('b'), {});
      expect(await fault(share.rename('d/a', 'd/b', 'file'))).toBe('exists');
      expect(await fault(share.rename('d/a', 'D/B', 'file'))).toBe('exists');
      expect(await fault(share.rename('d/none', 'd/b', 'file'))).toBe('absent');
      expect(await fault(share.rename('d/a', 'none/b', 'file'))).toBe('absent');
      expect(await fault(share.mkdir('d/b', {}))).toBe('exists');
      expect(await fault(share.mkdir('none/b', {}))).toBe('absent');
      await share.mkdir('d/sub', {});
      expect(await fault(share.mkdir('d/sub', {}))).toBe('exists');
      expect(await fault(share.rename('d/a', 'd/sub', 'file'))).toBe('exists');
    });

    test('a snapshot has a name, its metadata, and is there until it is removed', async () => {
      const before = await share.snapshots();
      const id = await share.takeSnapshot({ tw_snapshot: 'backup-1-1', tw_group: 'a&b' });
      const other = await share.takeSnapshot({ other: 'x' });
      expect(Date.parse(id)).toBeGreaterThan(0);
      expect(await share.snapshots()).toEqual([
        ...before,
        { id, metadata: { tw_snapshot: 'backup-1-1', tw_group: 'a&b' } },
        { id: other, metadata: { other: 'x' } },
      ]);
      await share.removeSnapshot(id);
      await share.removeSnapshot(id);
      expect(await share.snapshots()).toEqual([...before, { id: other, metadata: { other: 'x' } }]);
    });

    test('there are 200 snapshots at most', async () => {
      const there = await share.snapshots();
      const made: string[] = [];
      for (let n = there.length; n < 200; n++) made.push(await share.takeSnapshot({}));
      expect(await fault(share.takeSnapshot({}))).toBe('limit');
      expect(await share.snapshots()).toHaveLength(200);
      for (const id of made) await share.removeSnapshot(id);
      expect(await share.snapshots()).toEqual(there);
    });

    test('a case-only rename is one', async () => {
      await rig.upload('d/case', text('c'), {});
      await share.rename('d/case', 'd/CASE', 'file');
      expect((await share.list('d', 'CASE'))?.map((entry) => entry.name)).toEqual(['CASE']);
    });

    test('a directory goes with all below, and cannot take the place of a file', async () => {
      await share.mkdir('tree', { tw_node: 'n1' });
      await share.mkdir('tree/in', {});
      await rig.upload('tree/in/file', text('deep'), {});
      await share.rename('tree', 'd/moved', 'directory');
      const below = await share.properties('d/moved/in/file', 'file');
      expect(below?.size).toBe(4);
      expect((await share.properties('d/moved', 'directory'))?.metadata['tw_node']).toBe('n1');
      await rig.upload('d/taken', text('x'), {});
      expect(await fault(share.rename('d/moved', 'd/taken', 'directory'))).toBe('exists');
    });

    test('a listing has names, kinds, sizes and the ETags of the headers', async () => {
      await share.mkdir('list', {});
      await rig.upload('list/p-1', text('12345'), {});
      await rig.upload('list/p-2', text(''), {});
      await share.mkdir('list/q', {});
      const all = await share.list('list', '');
      expect(all?.map((entry) => [entry.name, entry.kind, entry.size]).toSorted()).toEqual([
        ['p-1', 'file', 5],
        ['p-2', 'file', 0],
        ['q', 'directory', 0],
      ]);
      expect((await share.list('list', 'p-'))?.map((entry) => entry.name)).toEqual(['p-1', 'p-2']);
      const one = all?.find((entry) => entry.name === 'p-1');
      const properties = await share.properties('list/p-1', 'file');
      expect(one).toMatchObject({ etag: properties?.etag, fileId: properties?.fileId });
    });

    test('names that XML, URLs and Linux make odd come through', async () => {
      await share.mkdir('odd', {});
      const names = [
        'a&b',
        "it's",
        'per%cent',
        'plus+and space',
        '#hash',
        'ümlaut',
        '日本',
        'dot.',
        '\uf022colon',
        '😀',
      ];
      for (const name of names) await rig.upload(`odd/${name}`, text(name), {});
      expect((await share.list('odd', ''))?.map((entry) => entry.name).toSorted()).toEqual(names.toSorted());
      for (const name of names) {
        const there = await share.properties(`odd/${name}`, 'file');
        const read = await share.read(`odd/${name}`, there?.etag ?? '', 0, there?.size ?? 0);
        expect(Buffer.from(read ?? []).toString()).toBe(name);
      }
    });

    test('metadata and last-write move the ETag and nothing else', async () => {
      await rig.upload('d/meta', text('m'), { tw_mode: '644', tw_op: 'x' });
      const before = await share.properties('d/meta', 'file');
      await share.setMetadata('d/meta', 'file', { tw_mode: '600', tw_op: 'x' });
      const set = await share.properties('d/meta', 'file');
      expect(set).toMatchObject({ metadata: { tw_mode: '600', tw_op: 'x' }, fileId: before?.fileId, size: 1 });
      expect(set?.lastWrite).toBe(before?.lastWrite);
      expect(set?.etag).not.toBe(before?.etag);
      await share.setLastWrite('d/meta', '2020-02-03T04:05:06.7890123Z');
      const timed = await share.properties('d/meta', 'file');
      expect(timed).toMatchObject({ lastWrite: '2020-02-03T04:05:06.7890123Z', metadata: { tw_mode: '600' } });
      expect(timed?.traits.created).toBe(before?.traits.created);
    });

    test('a successor takes over the creation time', async () => {
      await rig.upload('d/old', text('1'), {});
      await rig.upload('d/new', text('2'), {});
      const traits = { created: '2019-01-01T00:00:00.0000000Z' };
      await share.rename('d/new', 'd/newer', 'file', traits);
      expect((await share.properties('d/newer', 'file'))?.traits.created).toBe(traits.created);
    });

    test('a read is of one version, whole', async () => {
      await rig.upload('d/read', text('0123456789'), {});
      const etag = (await share.properties('d/read', 'file'))?.etag ?? '';
      expect(Buffer.from((await share.read('d/read', etag, 2, 3)) ?? []).toString()).toBe('234');
      expect(await share.read('d/read', '"0x0"', 2, 3)).toBeUndefined();
      expect(await share.read('d/gone', etag, 0, 1)).toBeUndefined();
    });

    test('ranges tell what was written', async () => {
      await rig.upload('d/ranges', text('xyz'), {});
      const ranges = await share.ranges('d/ranges');
      expect(ranges[0]?.[0]).toBe(0);
      expect(ranges.at(-1)?.[1]).toBeGreaterThanOrEqual(3);
      await share.create('d/empty', {});
      expect(await share.ranges('d/empty')).toEqual([]);
    });

    test('removing is repeatable; a full directory stays', async () => {
      await share.mkdir('rm', {});
      await rig.upload('rm/f', text('f'), {});
      expect(await fault(share.remove('rm', 'directory'))).toBe('not-empty');
      await share.remove('rm/f', 'file');
      await share.remove('rm/f', 'file');
      await share.remove('rm', 'directory');
      await share.remove('rm', 'directory');
      expect(await share.properties('rm', 'directory')).toBeUndefined();
    });

    test('the wrong kind is a mismatch or nothing, never the other one', async () => {
      await rig.upload('d/kind', text('k'), {});
      await share.mkdir('d/kinddir', {});
      for (const [path, kind] of [
        ['d/kind', 'directory'],
        ['d/kinddir', 'file'],
      ] as const) {
        let seen: unknown;
        const refused = await fault(share.properties(path, kind).then((value) => (seen = value)));
        expect(refused === 'mismatch' || seen === undefined).toBe(true);
      }
    });

    test('what an SMB client has open is busy, itself and for the directories above', async () => {
      await share.mkdir('smb', {});
      await rig.upload('smb/open', text('o'), {});
      const close = await rig.open('smb/open');
      expect(await fault(share.rename('smb/open', 'smb/other', 'file'))).toBe('busy');
      expect(await fault(share.rename('smb', 'smb2', 'directory'))).toBe('busy');
      await close();
      await share.rename('smb/open', 'smb/other', 'file');
    });
  });
}
