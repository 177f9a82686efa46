// What Azure would have counted, from what the embedded services did count. Which of their operations a meter counts is
// public knowledge and stands here; what one costs is not, and stands in a file of the user's (prices.ts).
import type { Counts } from '../../base/counters.ts';

/** Counters by service, as `tideway status --json` has them. */
export type Measured = Readonly<Record<string, Counts>>;

export interface Meter {
  readonly id: MeterId;
  readonly unit: string;
  readonly quantity: number;
}

export type MeterId =
  | 'tables.transactions'
  | 'files.write'
  | 'files.list'
  | 'files.read'
  | 'files.other'
  | 'files.egress'
  | 'serviceBus.operations'
  | 'eventGrid.operations'
  | 'functions.executions'
  | 'functions.gbSeconds';

/**
 * Transactions of a pay-as-you-go share by what they are billed as; deletes are free, and what is not listed is `other`.
 * https://learn.microsoft.com/azure/storage/files/understanding-billing
 */
const fileKinds: Readonly<Record<string, 'write' | 'list' | 'read' | 'free'>> = {
  CopyFile: 'write',
  CreateDirectory: 'write',
  CreateFile: 'write',
  CreatePermission: 'write',
  CreateShare: 'write',
  PutRange: 'write',
  PutRangeFromUrl: 'write',
  RenameDirectory: 'write',
  RenameFile: 'write',
  SetDirectoryMetadata: 'write',
  SetDirectoryProperties: 'write',
  SetFileMetadata: 'write',
  SetFileProperties: 'write',
  SetShareMetadata: 'write',
  SetShareProperties: 'write',
  SnapshotShare: 'write',
  ListDirectoriesAndFiles: 'list',
  ListHandles: 'list',
  ListRanges: 'list',
  ListShares: 'list',
  GetFile: 'read',
  GetFileProperties: 'read',
  GetDirectoryProperties: 'read',
  GetPermission: 'read',
  GetShareProperties: 'read',
  DeleteDirectory: 'free',
  DeleteFile: 'free',
  DeleteShare: 'free',
};

/** Memory of an instance, which time is multiplied with, in MB: `instanceMemoryMB` of infra/main.bicep. */
export function metersOf(measured: Measured, memoryMB: number): readonly Meter[] {
  const of = (service: string, counter: string): number => measured[service]?.[counter] ?? 0;
  const files = { write: 0, list: 0, read: 0, other: 0, free: 0 };
  for (const [name, value] of Object.entries(measured['files'] ?? {}))
    if (name.startsWith('requests.')) files[fileKinds[name.slice('requests.'.length)] ?? 'other'] += value;
  return [
    // One transaction of many rows is one.
    { id: 'tables.transactions', unit: 'transactions', quantity: of('tables', 'requests') },
    { id: 'files.write', unit: 'transactions', quantity: files.write },
    { id: 'files.list', unit: 'transactions', quantity: files.list },
    { id: 'files.read', unit: 'transactions', quantity: files.read },
    { id: 'files.other', unit: 'transactions', quantity: files.other },
    { id: 'files.egress', unit: 'GiB', quantity: of('files', 'bytesOut') / 2 ** 30 },
    // A message is sent, delivered and settled; where nobody listens, it is sent only.
    {
      id: 'serviceBus.operations',
      unit: 'operations',
      quantity: of('service-bus', 'messagesIn') + of('service-bus', 'delivered') + of('service-bus', 'settled'),
    },
    {
      id: 'eventGrid.operations',
      unit: 'operations',
      quantity: of('event-grid', 'published') + of('event-grid', 'delivered') + of('event-grid', 'failed'),
    },
    {
      id: 'functions.executions',
      unit: 'executions',
      quantity: of('functions', 'succeeded') + of('functions', 'failed'),
    },
    {
      id: 'functions.gbSeconds',
      unit: 'GB-s',
      quantity: (of('functions', 'busyMs') / 1000) * (memoryMB / 1024),
    },
  ];
}

/** Meters that Azure bills and nothing here counts, each with what would tell. */
export const unknownMeters: readonly (readonly [meter: string, why: string])[] = [
  ['data at rest: files, rows, snapshots, soft-deleted shares', 'depends on how long it stays: the size of the shares'],
  ['provisioned storage, IOPS and throughput', 'billed by the hour on provisioned shares, whatever happens there'],
  ['Service Bus, base and messaging units', 'billed by the hour'],
  ['Functions, instances that are always ready', 'billed by the hour: alwaysReady of infra/main.bicep'],
  [
    'Functions, time beyond that of executions',
    'an instance is billed for at least a second, and rounded up to 100 ms',
  ],
  ["storage of the host and Durable's task hub", 'leases, queues and tables that the embedded host does not have'],
  ['Log Analytics, GB taken in', 'depends on the log level and on sampling'],
  ['alerts, Key Vault operations', 'by rule and month; by read of a secret'],
  ['private endpoints', 'by the hour and GB, in private mode'],
];
