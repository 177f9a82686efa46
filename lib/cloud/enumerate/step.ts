import type { Cloud } from '../group.ts';
import type { Share } from '../ports.ts';
import type { View } from '../view.ts';
import type { ScanRow } from './rows.ts';

/** What a step of one enumeration works with. */
export interface Step {
  readonly cloud: Cloud;
  readonly group: string;
  readonly share: Share;
  readonly view: View;
  /** Monotonic ms, and entries: when either is used up the step ends. */
  readonly until: number;
  readonly budget: { entries: number };
  /** As it will be written. */
  scan: ScanRow;
  /** Something failed that may have passed by the next step. */
  tired: boolean;
  /** When there is something to do that could not be done yet, ms since 1970. */
  nextAt: number;
}

export function isWithin({ cloud, until, budget, tired }: Step): boolean {
  return !tired && budget.entries > 0 && cloud.clock.monotonic() < until;
}

/** Between the first look and the one that counts. */
export function sightMs({ cloud: { settings }, scan: { kind } }: Step): number {
  if (kind === 'intake') return 0;
  return kind === 'hot' ? settings.hotSightMs : settings.secondSightMs;
}

const maxProblems = 20;

export function note(step: Step, path: string, code: string): void {
  step.scan = { ...step.scan, problems: [...step.scan.problems, { path, code }].slice(0, maxProblems) };
}
