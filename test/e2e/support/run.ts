// Programs that people use on their files, run as they would.
import { execFile } from 'node:child_process';

/** Runs `command` in `cwd` and answers its output; rejects with what it said when it fails. Nothing of the user's own settings. */
export function run(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...bare(), ...quiet, HOME: cwd };
    execFile(command, [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`));
    });
  });
}

/** Without what jest and npm leave to their children. */
function bare(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|JEST_|GIT_)/i.test(name)),
  );
}

const person = { NAME: 'A Person', EMAIL: 'person@example.com' };
const quiet: Record<string, string> = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  ...Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((who) =>
      Object.entries(person).map(([what, value]) => [`GIT_${who}_${what}`, value]),
    ),
  ),
  npm_config_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_ignore_scripts: 'true',
  npm_config_update_notifier: 'false',
};
