import type { Cloud } from '../group.ts';
import { tellHealth, type Vital } from './tell.ts';

/** Of this instance alone: another one tells once too often, which changes no maximum. */
let toldAt = -Infinity;

/** Tells what alerts read, if it is time to. Never rejects: all else that the timer does is more urgent. */
export async function tellWhenDue(cloud: Cloud, tell: (vital: Vital) => void): Promise<void> {
  const now = cloud.clock.monotonic();
  if (now - toldAt < cloud.settings.healthMs) return;
  toldAt = now;
  try {
    await tellHealth(cloud, tell);
  } catch (error) {
    cloud.log.error('health_not_told', { error });
  }
}
