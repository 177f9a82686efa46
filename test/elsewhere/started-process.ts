import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

interface StartedProcess {
  /** On stdout until it was ready. */
  readonly said: string;
  stop(): Promise<void>;
}

/** Starts the program and waits until what it writes to stdout matches. Throws where it ends before, or takes minutes. */
export async function startedProcess(
  program: string,
  arguments_: readonly string[],
  ready: RegExp,
): Promise<StartedProcess> {
  const child = spawn(program, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  try {
    return { said: await saidUntil(child, ready), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function saidUntil(child: ChildProcess, ready: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (ready.test(said)) resolve(said);
    });
    AbortSignal.timeout(120_000).addEventListener('abort', () => reject(new Error(`it is not ready:\n${said}`)));
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`it ended with ${code} before it was ready:\n${said}`)));
  });
}
