// The HTTP API that an agent needs: small, and none of it on the path of a change. Every request of an agent carries
// `x-tideway-endpoint`, `x-tideway-time` (ms since 1970) and `x-tideway-signature` over "<method> <path>\n<time>\n<body>".
import { z } from 'zod';

/** How far the times of agent and backend may differ. */
export const maxSkewMs = 15 * 60 * 1000;

export const endpointHeader = 'x-tideway-endpoint';
export const timeHeader = 'x-tideway-time';
export const signatureHeader = 'x-tideway-signature';

export function signedText(method: string, path: string, time: string, body: string): string {
  return `${method} ${path}\n${time}\n${body}`;
}

/** POST /api/enrol with the hub's token: makes an endpoint, or answers the one that has this public key. */
export const enrolRequest = z.object({
  group: z.string(),
  server: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/),
  path: z.string(),
  publicKey: z.string(),
});
export const enrolAnswer = z.object({ endpoint: z.string(), slot: z.string(), group: z.string() });
export type EnrolRequest = z.infer<typeof enrolRequest>;
export type EnrolAnswer = z.infer<typeof enrolAnswer>;

/**
 * POST /api/incarnation {holder, incarnation}: compare-and-set of the endpoint's incarnation. `incarnation` 0 asks for a
 * new one (new or restored state); otherwise it confirms the one held. `holder` is random and kept in the agent's state:
 * a second holder of the same incarnation is a clone and gets `clone` (409).
 */
export const incarnationRequest = z.object({ holder: z.string(), incarnation: z.number().int().nonnegative() });
export const incarnationAnswer = z.object({ incarnation: z.number().int().positive(), n: z.number().int() });

/** POST /api/access: what the agent may reach directly, each narrowed to what it needs, until `expires` (ms since 1970). */
export const accessAnswer = z.object({
  group: z.string(),
  server: z.string(),
  expires: z.number(),
  epoch: z.string(),
  /** Share URL without and SAS with leading `?`: read only. */
  share: z.object({ url: z.string(), sas: z.string() }),
  /** Table URL and SAS: read only, the group's partition only. */
  table: z.object({ url: z.string(), name: z.string(), sas: z.string() }),
  /** Service Bus: send to `changes`, listen on the own slot; `SharedAccessSignature` connection strings. */
  changes: z.object({ queue: z.string(), connection: z.string() }),
  hints: z.object({ topic: z.string(), subscription: z.string(), connection: z.string() }),
  settings: z.object({
    exclude: z.array(z.string()),
    pollActiveMs: z.number(),
    pollIdleMs: z.number(),
    resendMs: z.number(),
  }),
});
export type Access = z.infer<typeof accessAnswer>;

/** POST /api/slots {count}: staging paths of one batch, each with a SAS that may create and write that one file. */
export const slotsRequest = z.object({ count: z.number().int().min(1).max(500) });
export const slotsAnswer = z.object({
  /** Directory of the slots: `.tideway/staging/<endpoint>`. */
  directory: z.string(),
  expires: z.number(),
  slots: z.array(z.object({ slot: z.string(), sas: z.string(), blocksSas: z.string() })),
});
export type Slots = z.infer<typeof slotsAnswer>;

/**
 * POST /api/groups/{group}/scans with the hub's token: looks for edits made on the share, of `path` (Linux names from the
 * group's root; '' is all) and all below it. Answers like GET .../scans/{id}, which tells how far it is. Times are ms since 1970.
 */
export const scanRequest = z.object({
  path: z.string().max(4096),
  /** Deletes count even where they are most of what is known. */
  allowDeletes: z.boolean().optional(),
});
export const scanAnswer = z.object({
  id: z.string(),
  path: z.string(),
  /** `confirming` is the wait for the second look, `committing` for the committer. */
  state: z.enum(['listing', 'confirming', 'committing', 'done', 'failed']),
  code: z.string().optional(),
  startedAt: z.number(),
  endedAt: z.number().optional(),
  directories: z.number(),
  entries: z.number(),
  /** Changes that were seen twice and handed to the committer. */
  changes: z.number(),
  problems: z.array(z.object({ path: z.string(), code: z.string() })),
});
export type ScanAnswer = z.infer<typeof scanAnswer>;

/** Every refusal of the API: a stable code, a sentence, what to do. */
export const refusal = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });
export type Refusal = z.infer<typeof refusal>;
