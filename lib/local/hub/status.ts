// What `tideway status --json` says (DESIGN 9); the same shape for a person and for a script.
import { z } from 'zod';
import type { Counts } from '../../base/counters.ts';
import { TidewayError, codeOf, messageOf } from '../../base/errors.ts';
import type { Child } from './child.ts';
import type { SiteSpec } from './sites.ts';

const problem = z.object({ path: z.string(), code: z.string(), message: z.string() });
const conflict = z.object({ path: z.string(), original: z.string().optional() }).loose();

/** What an agent answers. */
const agentStatus = z.object({
  state: z.enum(['starting', 'syncing', 'idle', 'paused', 'halted', 'offline']),
  cursor: z.number(),
  inSyncAsOf: z.number(),
  pendingUploads: z.number(),
  pendingDownloads: z.number(),
  pending: z.number(),
  problems: z.array(problem.loose()),
  conflicts: z.array(conflict),
  files: z.number(),
  halt: z.object({ code: z.string(), message: z.string() }).loose().optional(),
  counters: z.record(z.string(), z.number()),
});

export interface EndpointStatus {
  readonly server: string;
  readonly path: string;
  readonly state: z.infer<typeof agentStatus>['state'];
  readonly cursor: number;
  /** ISO 8601, or null when it never was. */
  readonly inSyncAsOf: string | null;
  readonly pendingUploads: number;
  readonly pendingDownloads: number;
  readonly problems: readonly z.infer<typeof problem>[];
  readonly conflicts: readonly z.infer<typeof conflict>[];
  readonly files: number;
  readonly tieredFiles: number;
  readonly cachedBytes: number;
  readonly cloudBytes: number;
  readonly restarts: number;
  /** ISO 8601: when the backend heard it last, if that is too long ago. Null where it reports, or the backend cannot tell. */
  readonly silentSince: string | null;
  /** What its agent did since that started, by name; nothing while it is not running. */
  readonly counters: Counts;
  readonly halt?: { readonly code: string; readonly message: string } | undefined;
}

export async function endpointStatus(
  site: SiteSpec,
  child: Child,
  silentSince: string | null = null,
): Promise<EndpointStatus> {
  const fixed = {
    server: site.name,
    path: site.path,
    tieredFiles: 0,
    cachedBytes: 0,
    cloudBytes: 0,
    restarts: child.restarts,
    silentSince,
  };
  try {
    const status = agentStatus.parse(await inTime(child.ask({ do: 'status' }), site.name));
    const { inSyncAsOf, halt, problems, pending: _all, ...rest } = status;
    return {
      ...fixed,
      ...rest,
      problems: problems.map(({ path, code, message }) => ({ path, code, message })),
      inSyncAsOf: inSyncAsOf === 0 ? null : new Date(inSyncAsOf).toISOString(),
      ...(halt === undefined ? {} : { halt: { code: halt.code, message: halt.message } }),
    };
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'agent_down' && code !== 'agent_silent') throw error;
    const nothing = {
      cursor: 0,
      inSyncAsOf: null,
      pendingUploads: 0,
      pendingDownloads: 0,
      conflicts: [],
      files: 0,
      counters: {},
    };
    return {
      ...fixed,
      ...nothing,
      state: 'offline',
      problems: [{ path: '', code, message: messageOf(error) }],
    };
  }
}

/** A process that was stopped, or hangs in the kernel, must not hold up what is to be told of the others. */
const answerMs = 10_000;

async function inTime<T>(answer: Promise<T>, site: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TidewayError('agent_silent', `the agent of ${site} does not answer`)),
      answerMs,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
