import {
  app,
  type FunctionInput,
  type HttpRequest,
  type HttpResponseInit,
  type InvocationContext,
} from '@azure/functions';
import * as df from 'durable-functions';
import {
  apiAccess,
  apiBrake,
  apiDetect,
  apiDetection,
  apiEndpoints,
  apiEnrol,
  apiGroup,
  apiHistory,
  apiIncarnation,
  apiRebuild,
  apiRelease,
  apiReport,
  apiSlots,
  apiUndelete,
  apiUndeleted,
  apiVersions,
  type ApiAnswer,
  type ApiCall,
} from '../lib/cloud/api.ts';
import { apiBackup, apiDropSnapshot, apiOrder, apiSnapshots, apiTakeSnapshot } from '../lib/cloud/backup/api.ts';
import { startJob } from '../lib/cloud/job/start.ts';
import { services } from '../lib/cloud/services.ts';

// Anonymous for the host: every call proves itself by the hub's token or by the endpoint's signature (lib/cloud/api.ts).
function route(
  name: string,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  handle: (call: ApiCall, request: HttpRequest, context: InvocationContext) => Promise<ApiAnswer>,
  extraInputs: FunctionInput[] = [],
): void {
  app.http(name, {
    methods: [method],
    authLevel: 'anonymous',
    route: path,
    extraInputs,
    handler: async (request, context): Promise<HttpResponseInit> => {
      const { status, body } = await handle(await read(request), request, context);
      return { status, jsonBody: body };
    },
  });
}

async function read(request: HttpRequest): Promise<ApiCall> {
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    header: (name) => request.headers.get(name) ?? '',
    body: await request.text(),
  };
}

const group = (request: HttpRequest): string => request.params['group'] ?? '';

route('enrol', 'POST', 'enrol', (call) => apiEnrol(services(), call));
route('group', 'PUT', 'groups/{group}', (call, request) =>
  request.query.get('rebuild') === '1'
    ? apiRebuild(services(), call, group(request))
    : apiGroup(services(), call, group(request), request.query.get('share') ?? ''),
);
route('incarnation', 'POST', 'groups/{group}/incarnation', (call, request) =>
  apiIncarnation(services(), call, group(request)),
);
route('release', 'POST', 'groups/{group}/release', (call, request) => apiRelease(services(), call, group(request)));
route('access', 'POST', 'groups/{group}/access', (call, request) => apiAccess(services(), call, group(request)));
route('slots', 'POST', 'groups/{group}/slots', (call, request) => apiSlots(services(), call, group(request)));
route('report', 'POST', 'groups/{group}/report', (call, request) => apiReport(services(), call, group(request)));
route('endpoints', 'GET', 'groups/{group}/endpoints', (call, request) =>
  apiEndpoints(services(), call, group(request)),
);
route('detect', 'POST', 'groups/{group}/scans', detect, [df.input.durableClient()]);
route('detection', 'GET', 'groups/{group}/scans/{scan}', (call, request) =>
  apiDetection(services(), call, group(request), request.params['scan'] ?? ''),
);
route('brake', 'PUT', 'groups/{group}/brake', (call, request) => apiBrake(services(), call, group(request)));
route('history', 'GET', 'groups/{group}/history', (call, request) =>
  apiHistory(services(), call, group(request), {
    path: request.query.get('path') ?? '',
    limit: Math.min(Math.max(Number(request.query.get('limit') ?? 100) || 1, 1), 10_000),
  }),
);
route('versions', 'GET', 'groups/{group}/versions', (call, request) =>
  apiVersions(services(), call, group(request), request.query.get('path') ?? ''),
);
route('undelete', 'POST', 'groups/{group}/undeletes', (call, request) => apiUndelete(services(), call, group(request)));
route('undeleted', 'GET', 'groups/{group}/undeletes/{id}', (call, request) =>
  apiUndeleted(services(), call, group(request), request.params['id'] ?? ''),
);
route('backup', 'GET', 'groups/{group}/backup', (call, request) => apiBackup(services(), call, group(request)));
route('setBackup', 'PUT', 'groups/{group}/backup', (call, request) => apiBackup(services(), call, group(request)));
route('snapshots', 'GET', 'groups/{group}/snapshots', (call, request) =>
  apiSnapshots(services(), call, group(request)),
);
route('takeSnapshot', 'POST', 'groups/{group}/snapshots', (call, request) =>
  apiTakeSnapshot(services(), call, group(request)),
);
route('dropSnapshot', 'DELETE', 'groups/{group}/snapshots/{snapshot}', (call, request) =>
  apiDropSnapshot(services(), call, group(request), request.params['snapshot'] ?? ''),
);
route('order', 'GET', 'groups/{group}/orders/{order}', (call, request) =>
  apiOrder(services(), call, group(request), request.params['order'] ?? ''),
);

/** Somebody waits for it: it does not wait for the timer. */
async function detect(call: ApiCall, request: HttpRequest, context: InvocationContext): Promise<ApiAnswer> {
  const answer = await apiDetect(services(), call, group(request));
  if (answer.status !== 200) return answer;
  try {
    await startJob(df.getClient(context), 'detect', group(request), true);
  } catch (error) {
    services().cloud.log.warn('detection_not_begun', { group: group(request), error }); // the timer begins it
  }
  return answer;
}
