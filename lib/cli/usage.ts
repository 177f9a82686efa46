import { TidewayError } from '../base/errors.ts';

/** A call that cannot be understood: exit 2. */
export class UsageError extends TidewayError {
  constructor(code: string, message: string, hint: string) {
    super(code, message, { hint });
    this.name = 'UsageError';
  }
}

export const exit = { done: 0, failed: 1, usage: 2, waiting: 3 } as const;

export const help = `tideway: Linux file servers in sync through an Azure file share

  tideway up --data DIR [--site NAME=DIR]... [--group NAME] [--port N]
      Runs everything on this machine: the embedded Azure, the functions, an agent for each site.
      Prints "ready URL" when sync works both ways; SIGTERM stops all. The same --data resumes.
  tideway status [--wait] [--timeout SEC]
      How far each site is. --wait returns when all are in sync (exit 0), halted or late (exit 3).
  tideway conflicts
      Conflict copies that are still there.
  tideway endpoint resume|pause [SITE]
      Goes on after a halt, once its cause is gone; holds a site.
  tideway env
      Connection strings for the official Azure clients.

Every command takes --data DIR (default: ./.tideway), --json and --help.
Exit codes: 0 done, 1 failed, 2 usage, 3 timed out or halted.
`;
