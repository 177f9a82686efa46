// `extensions.durableTask` of host.json.
import type { Section } from './host-json.ts';

export interface DurableSettings {
  /** Undefined: the name of the site, else TestHubName. */
  readonly hubName: string | undefined;
  readonly maxActivities: number;
  readonly maxOrchestrators: number;
  readonly maxEntities: number;
  readonly maxActions: number;
  /** Between two looks at what an HTTP call has begun. */
  readonly httpPollMs: number;
  readonly defaultVersion: string | null;
  readonly versionMatchStrategy: 'none' | 'strict' | 'currentorolder';
  /** An instance of a version that is not taken here fails; otherwise it stays as it is, Pending. */
  readonly failsOnVersion: boolean;
  /** Whether a start replaces an instance of its id that has not ended. */
  readonly overridesRunning: boolean;
  /** Node has none; Microsoft's host then does not start. */
  readonly extendedSessions: boolean;
}

export function durableSettingsOf(section: Section, cores: number): DurableSettings {
  const match = section.text('versionMatchStrategy', 'CurrentOrOlder').toLowerCase();
  const hub = section.text('hubName', '');
  const version = section.text('defaultVersion', '');
  return {
    hubName: hub === '' ? undefined : hub,
    maxActivities: section.number('maxConcurrentActivityFunctions', 10 * cores),
    maxOrchestrators: section.number('maxConcurrentOrchestratorFunctions', 10 * cores),
    maxEntities: section.number('maxConcurrentEntityFunctions', 10 * cores),
    maxActions: section.number('maxOrchestrationActions', 100_000),
    httpPollMs: section.section('httpSettings').number('defaultAsyncRequestSleepTimeMilliseconds', 30_000),
    defaultVersion: version === '' ? null : version,
    versionMatchStrategy: match === 'none' || match === 'strict' ? match : 'currentorolder',
    failsOnVersion: section.text('versionFailureStrategy', 'Reject').toLowerCase() === 'fail',
    overridesRunning:
      section.text('overridableExistingInstanceStates', 'NonRunningStates').toLowerCase() === 'anystate',
    extendedSessions: section.flag('extendedSessionsEnabled', false),
  };
}
