import { z } from 'zod';
import { reportRequest } from '../../protocol/report.ts';

/** What an endpoint said last, and when it was heard (ms since 1970, by the clock here). */
export const healthRow = z.object({ v: z.literal(1), at: z.number(), report: reportRequest });
export type HealthRow = z.infer<typeof healthRow>;
export const healthPrefix = 'health|';
export const healthKey = (endpoint: string): string => healthPrefix + endpoint;
