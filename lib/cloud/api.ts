// The HTTP API behind functions/api.ts: who asks is proved by the endpoint's key, or by the hub's token for enrolment.
import { TidewayError } from '../base/errors.ts';
import {
  endpointHeader,
  enrolRequest,
  incarnationRequest,
  maxSkewMs,
  signatureHeader,
  signedText,
  scanRequest,
  slotsRequest,
  timeHeader,
  type Refusal,
} from '../protocol/api.ts';
import { brakeRequest } from '../protocol/brakes.ts';
import { undeleteRequest } from '../protocol/past.ts';
import { reportRequest } from '../protocol/report.ts';
import { verifyText } from '../protocol/message.ts';
import { access, slots } from './access.ts';
import { setLimits } from './brake.ts';
import type { Cloud } from './group.ts';
import { detectChanges, detection } from './detect.ts';
import { listEndpoints, takeReport } from './health/report.ts';
import { history } from './past/history.ts';
import { startUndelete, undeleteState } from './past/undelete.ts';
import { versions } from './past/versions.ts';
import { rebuildGroup } from './rebuild.ts';
import { release } from './release.ts';
import { claimIncarnation, createGroup, enrol } from './registry.ts';
import { endpointKey, endpointRow } from './rows.ts';
import type { Services } from './services.ts';

export interface ApiCall {
  readonly method: string;
  /** As the agent signed it, for example `/api/groups/default/slots`. */
  readonly path: string;
  readonly header: (name: string) => string;
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

type Schema<T> = { safeParse(value: unknown): { success: true; data: T } | { success: false } };

export async function apiEnrol(services: Services, call: ApiCall): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return enrol(services.cloud, body(call, enrolRequest));
  });
}

/** PUT /api/groups/{group}?rebuild=1; see rebuild.ts. It takes as long as one call may, and is asked again until it is through. */
export async function apiRebuild(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return { group, state: await rebuildGroup(services.cloud, group, rebuildMs) };
  });
}

const rebuildMs = 20_000;

/** PUT /api/groups/{group} with {share}: the share is there already. */
export async function apiGroup(services: Services, call: ApiCall, group: string, share: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    await createGroup(services.cloud, group, share);
    return { group, share };
  });
}

export async function apiIncarnation(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    const endpoint = await requireEndpoint(services.cloud, call, group);
    const { holder, incarnation } = body(call, incarnationRequest);
    return claimIncarnation(services.cloud, group, endpoint, holder, incarnation);
  });
}

export async function apiBrake(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    const { percent, files } = await setLimits(services.cloud, group, body(call, brakeRequest));
    return { group, brake: { percent, files } };
  });
}

/** POST .../release, signed by the endpoint that is held: a person has looked there. */
export async function apiRelease(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    const endpoint = await requireEndpoint(services.cloud, call, group);
    await release(services.cloud, group, endpoint);
    return { group, endpoint };
  });
}

export async function apiAccess(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    const endpoint = await requireEndpoint(services.cloud, call, group);
    return access(services.cloud, services.signer, group, endpoint);
  });
}

export async function apiSlots(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    const endpoint = await requireEndpoint(services.cloud, call, group);
    const { count } = body(call, slotsRequest);
    return slots(services.cloud, services.signer, group, endpoint, count);
  });
}

export async function apiReport(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    const endpoint = await requireEndpoint(services.cloud, call, group);
    return takeReport(services.cloud, group, endpoint, body(call, reportRequest));
  });
}

export async function apiEndpoints(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return listEndpoints(services.cloud, group);
  });
}

export async function apiDetect(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return detectChanges(services.cloud, group, body(call, scanRequest));
  });
}

export async function apiDetection(services: Services, call: ApiCall, group: string, scan: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return detection(services.cloud, group, scan);
  });
}

export async function apiHistory(
  services: Services,
  call: ApiCall,
  group: string,
  { path, limit }: { readonly path: string; readonly limit: number },
): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return history(services.cloud, group, path, limit);
  });
}

export async function apiVersions(services: Services, call: ApiCall, group: string, path: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return versions(services.cloud, group, path);
  });
}

export async function apiUndelete(services: Services, call: ApiCall, group: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return startUndelete(services.cloud, group, body(call, undeleteRequest).path);
  });
}

export async function apiUndeleted(services: Services, call: ApiCall, group: string, id: string): Promise<ApiAnswer> {
  return answer(services, async () => {
    requireToken(services, call);
    return undeleteState(services.cloud, group, id);
  });
}

export function requireToken(services: Services, call: ApiCall): void {
  if (!services.isToken(call.header('x-tideway-token')))
    throw new TidewayError('token_wrong', 'the token is missing or wrong', {
      hint: 'Send the value of TIDEWAY_TOKEN in the header x-tideway-token.',
    });
}

async function requireEndpoint(cloud: Cloud, call: ApiCall, group: string): Promise<string> {
  const id = call.header(endpointHeader);
  const time = call.header(timeHeader);
  const row = await cloud.table.get(group, endpointKey(id));
  const endpoint = row === undefined ? undefined : endpointRow.parse(row.value);
  const text = signedText(call.method, call.path, time, call.body);
  if (endpoint === undefined || !verifyText(text, call.header(signatureHeader), endpoint.publicKey))
    throw new TidewayError('signature_wrong', 'the request is not signed by an endpoint of this group', {
      hint: 'Register the server again if its state was lost.',
    });
  if (!(Math.abs(cloud.clock.now() - Number(time)) <= maxSkewMs))
    throw new TidewayError('clock_skew', 'the clocks of server and backend differ by more than 15 minutes', {
      hint: 'Set the clock of the server, best by NTP.',
    });
  if (endpoint.revoked === true) throw new TidewayError('endpoint_revoked', 'this server was revoked');
  return endpoint.id;
}

export function body<T>(call: ApiCall, schema: Schema<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(call.body);
  } catch {
    value = undefined; // refused by the schema below, like every other body that is not one
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new TidewayError('body_malformed', 'the body does not follow the schema');
  return parsed.data;
}

const statuses: Readonly<Record<string, number>> = {
  token_wrong: 401,
  signature_wrong: 401,
  clock_skew: 401,
  endpoint_revoked: 403,
  endpoint_unknown: 404,
  group_unknown: 404,
  scan_unknown: 404,
  order_unknown: 404,
  snapshot_unknown: 404,
  schedule_invalid: 400,
  time_zone_unknown: 400,
  retention_too_long: 400,
  path_unknown: 404,
  version_gone: 404,
  undelete_unknown: 404,
  not_deleted: 409,
  share_not_back: 409,
  group_rebuilding: 409,
  group_not_stopped: 409,
  group_just_stopped: 409,
  not_a_file: 409,
  share_unknown: 404,
  share_taken: 409,
  group_taken: 409,
  too_many_scans: 429,
  path_invalid: 400,
  clone: 409,
  settling: 409,
  server_taken: 409,
  too_many_servers: 409,
  body_malformed: 400,
  group_name_invalid: 400,
};

export async function answer(services: Services, work: () => Promise<unknown>): Promise<ApiAnswer> {
  try {
    return { status: 200, body: await work() };
  } catch (error) {
    if (!(error instanceof TidewayError) || statuses[error.code] === undefined) throw error;
    const { code, message, hint } = error;
    services.cloud.log.warn('request_refused', { code });
    const refusal: Refusal = { code, message, ...(hint === undefined ? {} : { hint }) };
    return { status: statuses[error.code] ?? 500, body: refusal };
  }
}
