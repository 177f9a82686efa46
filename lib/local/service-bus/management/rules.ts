import type { Operation } from './operation.ts';

export const ruleOperations: Readonly<Record<string, Operation>> = {};
