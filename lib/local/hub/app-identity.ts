// An app that has an identity and no keys, as in Azure. Its services are by TLS under a certificate of our own, which the app,
// the agents and this process, which holds the triggers, are told to trust; its rights are those of its roles.
import path from 'node:path';
import tls from 'node:tls';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { certificateOf } from '../files/https.ts';
import { startIdentityEndpoint, type IdentityEndpoint } from '../identity-endpoint.ts';
import type { Account, Secure } from '../service.ts';
import type { Role } from '../token.ts';
import { writeWhole } from './write-whole.ts';

export interface AppIdentity {
  /** The id that settings name it by. */
  readonly clientId: string;
  readonly roles: readonly Role[];
}

/** Where the services are for it. */
export interface SecurePlaces {
  /** With the account, without a slash at the end. */
  readonly files: string;
  /** Host and port. */
  readonly serviceBus: string;
  readonly eventGrid: string;
}

export interface Trust {
  readonly secure: Secure;
  /** What a process needs to trust the services. */
  readonly env: Readonly<Record<'NODE_EXTRA_CA_CERTS', string>>;
}

/** After Azure Files, whose certificate it is; `state` is the folder of the embedded services. */
export function trustServices(state: string): Trust {
  const { key, cert } = certificateOf(path.join(state, 'files'), systemRandom, systemClock);
  const file = path.join(state, 'trusted.pem');
  writeWhole(file, cert);
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), cert]);
  return { secure: { key, cert, port: 0 }, env: { NODE_EXTRA_CA_CERTS: file } };
}

export function startIdentity(account: Account, app: AppIdentity, host: string): Promise<IdentityEndpoint> {
  const [oid, tid] = ['3'.repeat(32), '4'.repeat(32)];
  return startIdentityEndpoint({ account, identity: { oid, tid, roles: app.roles }, clientId: app.clientId, host });
}
