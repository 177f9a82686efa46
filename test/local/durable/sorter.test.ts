// What an entity's book says of who sent what when: times and names as Microsoft's extension (3.14.1) wrote them.
import { describe, expect, test } from '@jest/globals';
import { type Sorter, label, received } from '../../../lib/local/durable/sorter.ts';

const json = (sorter: Sorter): unknown => JSON.parse(JSON.stringify(sorter));

describe('what is sent', () => {
  const first = label({}, '@cnt@f', '2026-11-26T14:03:54.4023457Z');

  test('bears its time, and has no forerunner at first', () => {
    expect(first.stamp).toEqual({ at: '2026-11-26T14:03:54.4023457Z', after: '0001-01-01T00:00:00' });
    expect(JSON.stringify(first.sorter)).toBe(
      '{"LastSentToInstance":{"@cnt@f":"2026-11-26T14:03:54.4023457Z"},"SendHorizon":"2026-11-26T13:33:54.4023457Z"}',
    );
  });

  test('is 100 ns later than the one before it to the same entity, in a time without a zone', () => {
    const second = label(first.sorter, '@cnt@f', '2026-11-26T14:03:54.4023457Z');
    expect(second.stamp).toEqual({ at: '2026-11-26T14:03:54.4023458', after: '2026-11-26T14:03:54.4023457Z' });
    const early = label(second.sorter, '@cnt@f', '2026-11-26T14:03:50Z');
    expect(early.stamp).toEqual({ at: '2026-11-26T14:03:54.4023459', after: '2026-11-26T14:03:54.4023458' });
    const other = label(second.sorter, '@cnt@g', '2026-11-26T14:03:54.4023457Z');
    expect(other.stamp).toEqual({ at: '2026-11-26T14:03:54.4023457Z', after: '0001-01-01T00:00:00' });
  });

  test.each([
    ['is known for 30 minutes and 10 seconds', '2026-11-26T14:04:04.4023457Z', '2026-11-26T14:03:54.4023457Z'],
    ['is forgotten then', '2026-11-26T14:34:04.4023458Z', '0001-01-01T00:00:00'],
  ])('%s', (_, now, after) => {
    const other = label(first.sorter, '@cnt@g', '2026-11-26T14:20:00Z');
    expect(label(other.sorter, '@cnt@f', now).stamp.after).toBe(after);
    expect(label(other.sorter, '@cnt@g', now).stamp.after).toBe('2026-11-26T14:20:00Z');
  });
});

describe('what is received', () => {
  const call = (parent: string, at: string, parentExecution = `of-${parent}`): Sorter =>
    received({}, { parent, parentExecution, Timestamp: at });

  test('is known by its sender, its execution and its time', () => {
    expect(JSON.stringify(call('k1', '2026-11-26T14:03:51.238272Z'))).toBe(
      '{"ReceivedFromInstance":{"k1":{"Last":"2026-11-26T14:03:51.238272Z","ExecutionId":"of-k1"}},"ReceiveHorizon":"2026-11-26T13:33:51.238272Z"}',
    );
  });

  test('of another execution takes the place of the one before it', () => {
    const next = received(call('k1', '2026-11-26T14:00:00Z'), {
      parent: 'k1',
      parentExecution: 'later',
      Timestamp: '2026-11-26T14:00:01',
    });
    expect(json(next)).toEqual({
      ReceivedFromInstance: { k1: { Last: '2026-11-26T14:00:01', ExecutionId: 'later' } },
      ReceiveHorizon: '2026-11-26T13:30:00Z',
    });
  });

  test('of an entity has no execution', () => {
    expect(json(received({}, { parent: '@cnt@s', Timestamp: '2026-11-26T14:00:00Z' }))).toMatchObject({
      ReceivedFromInstance: { '@cnt@s': { Last: '2026-11-26T14:00:00Z' } },
    });
  });

  test.each([
    ['of a client', {}],
    ['that another entity has passed on', { parent: 'k1', parentExecution: 'e', pos: 1 }],
  ])('is not noted where it is one %s', (_, one) => {
    expect(received({}, { ...one, Timestamp: '2026-11-26T14:00:00Z' })).toEqual({});
  });

  test('is forgotten after 30 minutes, and not noted where it is that late', () => {
    const one = call('k1', '2026-11-26T14:00:00Z');
    const later = received(one, { parent: 'k2', parentExecution: 'e', Timestamp: '2026-11-26T14:30:10.0000001Z' });
    expect(json(later)).toEqual({
      ReceivedFromInstance: { k2: { Last: '2026-11-26T14:30:10.0000001Z', ExecutionId: 'e' } },
      ReceiveHorizon: '2026-11-26T14:00:10.0000001Z',
    });
    expect(received(later, { parent: 'k3', parentExecution: 'e', Timestamp: '2026-11-26T14:00:00Z' })).toEqual(later);
  });
});
