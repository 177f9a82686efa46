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

  tideway up --data DIR [--site NAME=DIR]... [--group NAME] [--port N] [--https-port N]
      Runs everything on this machine: the embedded Azure, the functions, an agent for each site.
      Prints "ready URL" when sync works both ways; SIGTERM stops all. The same --data resumes.
      --https-port serves Azure Files by https as well, under a certificate of its own: tideway env names it.
  tideway status [--wait] [--timeout SEC]
      How far each site is. --wait returns when all are in sync (exit 0), halted or late (exit 3).
  tideway conflicts
      Conflict copies that are still there.
  tideway endpoint resume|pause [SITE|PATH] [--site SITE]
      Goes on after a halt, once its cause is gone; holds a site. PATH is any path in a site's folder; without one, all sites.
  tideway history PATH [--limit N] [--group NAME]
      Who changed a file or directory, at which site, when; also of what was deleted.
  tideway versions PATH [--group NAME]
      The contents a file has and had, and which of them are kept.
  tideway undelete PATH [--group NAME] [--timeout SEC] [--no-wait]
      A deleted file or directory comes back, with all that was deleted with it.
  tideway detect-changes [PATH] [--group NAME] [--allow-deletes] [--timeout SEC] [--no-wait]
      Looks for edits made on the share, below PATH: of a site's folder, or from the group's root. What is found has to be
      seen again two minutes later; PATH itself counts at once.
  tideway snapshot create [--label TEXT] [--keep DAYS|forever] [--group NAME] [--timeout SEC]
      The share as it is now, kept for 30 days unless told: prints its id, by which the share's clients read it.
  tideway snapshot list | delete ID [--group NAME]
      What is kept and why; takes one away that Tideway made.
  tideway group create NAME [--share EXISTING]
      A group on a share of its own, or on one that is there: what it holds is taken in, untouched.
  tideway group rebuild [NAME]
      Goes on with the share as it is, after a halt because it was restored or replaced: what it holds is taken in anew, and
      each site merges what it has when it is resumed. Nothing is deleted; what differs is kept side by side.
  tideway group set [NAME] [--schedule NCRONTAB|none] [--time-zone ZONE] [--keep-last N] [--keep-daily N] [--keep-weekly N]
                    [--keep-monthly N] [--keep-yearly N]
      When a snapshot is taken, by the clocks of ZONE (none until it is set, and UTC), and how many stay: "0 30 2 * * *" is
      every night at half past two.
  tideway group set [NAME] [--brake-percent N] [--brake-files N]
      What counts as a mass change, which holds a site until a person has looked: so many percent and so many of its files
      changed or deleted within an hour (25 and 1000). 0 percent: never.
  tideway local [--only LIST] [--port N] [--app DIR] [--topology FILE] [--time-scale F]
      The embedded services alone, for the tests of any project: files, tables, servicebus, eventgrid, and with --app the
      functions app in DIR (functions, durable). Prints connection strings and "ready URL". Without --data its state goes
      away with it. --time-scale 0.01 makes an hour of waits and retries 36 s.
  tideway cost [--prices FILE] [--since FILE] [--counters FILE] [--memory MB] | --template | --fetch --prices FILE
      What the work counted so far (between two saved "status --json") would cost in Azure, by prices of yours; and what of a
      bill it does not know. --template prints a price file to fill in, --fetch fills it from the public price list.
  tideway env
      Connection strings for the official Azure clients.

Every command takes --data DIR (default: ./.tideway), --json and --help.
Exit codes: 0 done, 1 failed, 2 usage, 3 timed out or halted.
`;

/** Before any `--`, behind which words are names of files. */
export function asksHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === '--help' || arg === '-h');
}

/** What `help` says of one command, as far as `args` tell which; all of it where nothing is said of that one alone. */
export function helpOf(args: readonly string[]): string {
  const [title = '', ...parts] = help.split(/\n\n|\n(?=  tideway )/);
  const words = args.filter((arg) => !arg.startsWith('-'));
  for (let most = Math.min(2, words.length); most > 0; most--) {
    const about = parts.filter((part) => isAbout(part, words.slice(0, most)));
    if (about.length > 0) return `${[title, '', ...about, '', parts.at(-1)?.trimEnd()].join('\n')}\n`;
  }
  return help;
}

function isAbout(part: string, words: readonly string[]): boolean {
  const [first = '', ...others] = words;
  const usage = /^ *tideway (\S+) ?(.*)/.exec(part);
  return usage?.[1] === first && others.every((word) => (usage[2] ?? '').split(/[ |]+/).includes(word));
}
