// What Azure Files promises, asked of the embedded service and of the account that TIDEWAY_TEST_FILES names. What only the
// embedded one can be asked (its clock, its SMB side, requests written by hand) gets a world that has it.
import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import type { ShareClient, ShareServiceClient, StorageSharedKeyCredential } from '@azure/storage-file-share';
import { must } from '../../../lib/base/errors.ts';
import type { FilesOptions } from '../../../lib/local/files/service.ts';
import { account, credential, world, type World } from '../../local/files/world.ts';
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
  stop(): Promise<void>;
}

export type Embedded = Account & World;

const setting = 'TIDEWAY_TEST_FILES';

/** Registers the cases for the embedded service, and once more for the account of the setting. */
export function filesContract(cases: (w: Account) => void): void {
  describe('the embedded Azure Files', () => {
    cases(started(() => embedded({})));
  });
  const other = storageAccount(setting, 'File');
  if (other === undefined) return;
  // A network lies between, and an account answers a burst with "slow down".
  jest.setTimeout(300_000);
  describe(`the account of ${setting}`, () => {
    cases(started(() => elsewhere(other)));
  });
}

/** Registers cases that no other account can be asked. */
export function embeddedFiles(cases: (w: Embedded) => void, options: Partial<FilesOptions> = {}): void {
  describe('the embedded Azure Files alone', () => {
    cases(started(() => embedded(options)));
  });
}

async function embedded(options: Partial<FilesOptions>): Promise<Embedded> {
  const w = await world(options);
  const { url } = w.service;
  return { ...w, account: { ...account, url }, credential, named: (beginning) => beginning };
}

/** The world that the hooks start and stop, under its name before it is there. */
function started<W extends Account>(start: () => Promise<W>): W {
  let w: W | undefined;
  beforeAll(async () => {
    w = await start();
  });
  afterAll(() => w?.stop());
  return new Proxy({} as W, { get: (_, name) => Reflect.get(must(w, 'the world has not started'), name) as unknown });
}
