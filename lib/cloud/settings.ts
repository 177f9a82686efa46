import { TidewayError } from '../base/errors.ts';

/** All ages and waits of the backend, in milliseconds. An app setting overrides each: `TIDEWAY_<NAME>`, in seconds. */
export interface CloudSettings {
  /** A path that is still open over SMB after this is parked. */
  readonly parkAfterMs: number;
  /** A committer sends nothing to the share for this long after it last proved that the head was its own. */
  readonly turnMs: number;
  /** While the share cannot be reached at all, a message is held this long before it is given back. */
  readonly outageMs: number;
  /** While a message is committed events of its group go out at most this often; one goes out at its end. */
  readonly publishMs: number;
  /** Staged files that no open operation names are removed at this age. */
  readonly stagingAgeMs: number;
  /** Overwritten and deleted versions stay in trash this long. */
  readonly trashAgeMs: number;
  /** At most this many versions of one node stay in trash ... */
  readonly trashVersions: number;
  /** ... but none is removed earlier than this after its commit: a late committer may still meet its name. */
  readonly trashMinAgeMs: number;
  /** Log rows, and with them the tombstones of what they deleted, are kept this long; the floor moves first, the rows go `floorLagMs` later. */
  readonly logAgeMs: number;
  readonly floorLagMs: number;
  /** An intent older than this makes `tick` call a committer. */
  readonly intentAgeMs: number;
  /** What one run of `tick` does at most, in rows or files, per group and kind of work. */
  readonly collectStep: number;
  /** Two looks at a path on the share are this far apart. */
  readonly secondLookMs: number;
  readonly accessHours: number;
  /** The whole share is enumerated this often: edits that nobody announced. */
  readonly enumerateMs: number;
  /** What enumeration finds different counts when it is seen again this much later. */
  readonly secondSightMs: number;
  /** A directory that changed so lately is hot ... */
  readonly hotMs: number;
  /** ... and these are listed so often, so many at a time, and so many entries; what is different counts so much later. */
  readonly hotEveryMs: number;
  readonly hotDirectories: number;
  readonly hotEntries: number;
  readonly hotSightMs: number;
  /** One step of an enumeration takes about this long, and lists about this many entries. */
  readonly enumerateStepMs: number;
  readonly enumerateStep: number;
  /** A mass change is so many percent and so many of an endpoint's files, unless the group says otherwise ... */
  readonly massPercent: number;
  readonly massFiles: number;
  /** ... within this time, of contents that are at least as old. */
  readonly massWindowMs: number;
  /** Once a person has looked at one, no further one of that endpoint is held for so long. */
  readonly massPassMs: number;
  /** Endpoints report at least this often; one that misses three reports is silent. */
  readonly reportMs: number;
  /** What alerts read is told this often. */
  readonly healthMs: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;

export const defaultSettings: CloudSettings = {
  parkAfterMs: 10_000,
  turnMs: 45_000,
  outageMs: 4 * minute,
  publishMs: 200,
  stagingAgeMs: 8 * day,
  trashAgeMs: 7 * day,
  trashVersions: 10,
  trashMinAgeMs: 10 * minute,
  logAgeMs: 30 * day,
  floorLagMs: 10 * minute,
  intentAgeMs: minute,
  collectStep: 200,
  secondLookMs: 200,
  accessHours: 168,
  enumerateMs: day,
  secondSightMs: 2 * minute,
  hotMs: day,
  hotEveryMs: 20_000,
  hotDirectories: 32,
  hotEntries: 1000,
  hotSightMs: 8_000,
  enumerateStepMs: 8_000,
  enumerateStep: 50_000,
  massPercent: 25,
  massFiles: 1000,
  massWindowMs: 60 * minute,
  massPassMs: 240 * minute,
  reportMs: 5 * minute,
  healthMs: minute,
};

/** `TIDEWAY_STAGING_AGE_SECONDS=30` and the like; what is not a number is refused by name. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): CloudSettings {
  const seconds: Record<string, keyof CloudSettings> = {
    TIDEWAY_PARK_AFTER_SECONDS: 'parkAfterMs',
    TIDEWAY_STAGING_AGE_SECONDS: 'stagingAgeMs',
    TIDEWAY_TRASH_AGE_SECONDS: 'trashAgeMs',
    TIDEWAY_TRASH_MIN_AGE_SECONDS: 'trashMinAgeMs',
    TIDEWAY_LOG_AGE_SECONDS: 'logAgeMs',
    TIDEWAY_FLOOR_LAG_SECONDS: 'floorLagMs',
    TIDEWAY_INTENT_AGE_SECONDS: 'intentAgeMs',
    TIDEWAY_ENUMERATE_SECONDS: 'enumerateMs',
    TIDEWAY_SECOND_SIGHT_SECONDS: 'secondSightMs',
    TIDEWAY_HOT_EVERY_SECONDS: 'hotEveryMs',
    TIDEWAY_HOT_SIGHT_SECONDS: 'hotSightMs',
    TIDEWAY_MASS_WINDOW_SECONDS: 'massWindowMs',
    TIDEWAY_MASS_PASS_SECONDS: 'massPassMs',
    TIDEWAY_REPORT_SECONDS: 'reportMs',
    TIDEWAY_HEALTH_SECONDS: 'healthMs',
  };
  const out: Record<string, number> = { ...defaultSettings };
  for (const [name, field] of Object.entries(seconds)) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    const value = Number(text);
    if (!Number.isFinite(value) || value < 0)
      throw new TidewayError('setting_invalid', `${name} is not a number of seconds: ${text}`, {
        path: name,
        hint: 'Give a number of seconds, for example 30.',
      });
    out[field] = value * 1000;
  }
  return { ...defaultSettings, ...out };
}
