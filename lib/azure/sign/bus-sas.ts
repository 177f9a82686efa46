// Service Bus knows no delegated keys: tokens are signed with the key of a rule, for an entity at or below the rule's.
// https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas
import { createHmac } from 'node:crypto';
import type { BusKey } from '../settings.ts';

/** A connection string that holds a token for one entity; the rights are those of the key's rule. `expires` in ms. */
export function busConnection(
  endpoint: string,
  emulator: boolean,
  key: BusKey,
  entity: string,
  expires: number,
): string {
  const resource = `${endpoint.replace(/\/$/, '')}/${entity}`;
  const encoded = encodeURIComponent(resource);
  const expiry = Math.floor(expires / 1000);
  const signature = createHmac('sha256', key.key).update(`${encoded}\n${expiry}`).digest('base64');
  const token = `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${key.name}`;
  const end = emulator ? ';UseDevelopmentEmulator=true' : '';
  return `Endpoint=${endpoint};SharedAccessSignature=${token}${end}`;
}
