import type { AccessKey } from '../../../lib/local/service-bus/sas.ts';
import { expandTopology } from '../../../lib/local/service-bus/topology.ts';
import { topology as contract } from '../../contract/service-bus/topology.ts';

export const rootKey: AccessKey = { name: 'root', key: 'cm9vdC1rZXktb2YtdGhlLXRlc3Rz' };
export const sendKey: AccessKey = { name: 'send', key: 'c2VuZC1rZXk=', claims: ['Send'] };
export const listenKey: AccessKey = { name: 'listen', key: 'bGlzdGVuLWtleQ==', claims: ['Listen'] };

/** That of the contract, and queues that are full after a few messages, which the cloud has not. */
export const topology = expandTopology({
  queues: [
    ...contract.queues,
    { name: 'small', maxSizeInMegabytes: 1, deadLetteringOnMessageExpiration: true },
    { name: 'to-small', forwardTo: 'small' },
  ],
  topics: contract.topics,
});
