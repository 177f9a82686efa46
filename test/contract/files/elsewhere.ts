// An account of somebody's: every share that the cases make has a name of this run's own, and is removed afterwards.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ShareClient, ShareServiceClient, StorageSharedKeyCredential } from '@azure/storage-file-share';
import type { StorageAccount } from '../storage-account.ts';
import type { Account } from './contract.ts';

export async function elsewhere(account: StorageAccount): Promise<Account> {
  const credential = new StorageSharedKeyCredential(account.name, account.key);
  const client = new ShareServiceClient(account.url, credential, {
    retryOptions: { maxTries: 1 },
    allowTrailingDot: true,
    allowSourceTrailingDot: true,
  });
  const run = Math.floor(Math.random() * 36 ** 6).toString(36);
  const names = new Set<string>();
  const named = (beginning: string): string => {
    const name = `${beginning}-${run}`;
    names.add(name);
    return name;
  };
  const share = client.getShareClient(named('team'));
  await share.create();
  const stop = async (): Promise<void> => {
    const patient = new ShareServiceClient(account.url, credential);
    for (const name of names) await remove(patient.getShareClient(name));
  };
  return { account, credential, client, share, named, pass: sleep, stop };
}

/** With its snapshots, whoever has leased it or them for ever. */
async function remove(share: ShareClient): Promise<void> {
  if (!(await share.exists())) return;
  if ((await share.getProperties()).leaseStatus === 'locked') await share.getShareLeaseClient().breakLease();
  await share.delete({ deleteSnapshots: 'include-leased' });
}
