// What Azure Files promises, asked of the embedded service and of the account that TIDEWAY_TEST_FILES names. What only the
// embedded one can be asked (its clock, its SMB side, requests written by hand) gets a world that has it.
import { describe, jest } from '@jest/globals';
import type { ShareClient, ShareServiceClient, StorageSharedKeyCredential } from '@azure/storage-file-share';
import type { FilesOptions } from '../../../lib/local/files/service.ts';
import { ShiftedClock } from '../../local/files/shifted-clock.ts';
import { account, credential, world, type World } from '../../local/files/world.ts';
import { started } from '../started.ts';
import { storageAccount, type StorageAccount } from '../storage-account.ts';
import { elsewhere } from './elsewhere.ts';

/** An account, whoever serves it. */
export interface Account {
  readonly account: StorageAccount;
  readonly credential: StorageSharedKeyCredential;
  /** Tries once, and takes trailing dots as they are. */
  readonly client: ShareServiceClient;
  /** A share that is empty when the first case begins. */
  readonly share: ShareClient;
  /** The name of a share, lower case, that no other run has; it begins as told. The share is removed in the end. */
  named(beginning: string): string;
  /** Lets that many milliseconds go by. */
  pass(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export type Embedded = Account & World;

/** The clock is the one that the world moves. */
type Options = Omit<Partial<FilesOptions>, 'clock'>;

const setting = 'TIDEWAY_TEST_FILES';

/** Registers the cases for the embedded service, and once more for the account of the setting. */
export function filesContract(cases: (w: Account) => void): void {
  describe('the embedded Azure Files', () => {
    cases(started(() => embedded({}), 'all'));
  });
  const other = storageAccount(setting, 'File');
  if (other === undefined) return;
  // A network lies between, and an account answers a burst with "slow down".
  jest.setTimeout(300_000);
  describe(`the account of ${setting}`, () => {
    cases(started(() => elsewhere(other), 'all'));
  });
}

/** Registers cases that no other account can be asked. */
export function embeddedFiles(cases: (w: Embedded) => void, options: Options = {}): void {
  describe('the embedded Azure Files alone', () => {
    cases(started(() => embedded(options), 'all'));
  });
}

async function embedded(options: Options): Promise<Embedded> {
  const clock = new ShiftedClock();
  const w = await world({ clock, ...options });
  const { url } = w.service;
  const pass = (ms: number): Promise<void> => Promise.resolve(clock.advance(ms));
  return { ...w, account: { ...account, url }, credential, named: (beginning) => beginning, pass };
}
