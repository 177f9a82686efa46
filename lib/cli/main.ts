// The `tideway` command: finds the subcommand, runs it, and says every error with its code and what to do.
import { TidewayError, codeOf, messageOf } from '../base/errors.ts';
import { UsageError, asksHelp, exit, help, helpOf } from './usage.ts';

type Command = (args: readonly string[]) => Promise<number> | number;

// Each is loaded when it is called: what only asks a hub starts without the hub's code.
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./up.ts')).up,
  demo: async () => (await import('./demo.ts')).demo,
  status: async () => (await import('./status.ts')).status,
  conflicts: async () => (await import('./status.ts')).conflicts,
  endpoint: async () => (await import('./endpoint.ts')).endpoint,
  cost: async () => (await import('./cost.ts')).cost,
  env: async () => (await import('./env.ts')).env,
  'detect-changes': async () => (await import('./detect-changes.ts')).detectChanges,
  history: async () => (await import('./history.ts')).history,
  versions: async () => (await import('./versions.ts')).versions,
  undelete: async () => (await import('./undelete.ts')).undelete,
  snapshot: async () => (await import('./snapshot.ts')).snapshot,
  group: async () => (await import('./group.ts')).group,
  local: async () => (await import('./local.ts')).local,
};

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help);
    return name === undefined ? exit.usage : exit.done;
  }
  const command = commands[name];
  if (command === undefined)
    throw new UsageError('command_unknown', `there is no command ${name}`, 'See tideway --help.');
  if (asksHelp(rest)) {
    process.stdout.write(helpOf(args));
    return exit.done;
  }
  return (await command())(rest);
}

function explain(error: unknown, json: boolean): string {
  const code = codeOf(error) || 'failed';
  const details = error instanceof TidewayError ? { path: error.path, hint: error.hint } : {};
  if (json) return `${JSON.stringify({ error: { code, message: messageOf(error), ...details } })}\n`;
  return `tideway: ${code}: ${messageOf(error)}\n${details.hint === undefined ? '' : `  ${details.hint}\n`}`;
}

const args = process.argv.slice(2);
// State holds what the sites hold, whatever their modes say: it is its owner's alone.
process.umask(0o077);
try {
  process.exitCode = await main(args);
} catch (error) {
  process.stderr.write(explain(error, args.includes('--json')));
  process.exitCode = error instanceof UsageError ? exit.usage : exit.failed;
}
// What keeps the process alive now would be a leak: nothing may outlive its command.
process.exit();
