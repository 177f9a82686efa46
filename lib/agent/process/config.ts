import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { TidewayError } from '../../base/errors.ts';

/** DIR/agent.json: which endpoint this is, where its backend and its root are, and its key. Readable by its owner only. */
export const agentConfig = z.object({
  v: z.literal(1),
  /** Of the functions app, without a slash at the end. */
  url: z.string(),
  group: z.string(),
  endpoint: z.string(),
  server: z.string(),
  root: z.string(),
  privateKey: z.string(),
});
export type AgentConfig = z.infer<typeof agentConfig>;

export function configPath(state: string): string {
  return path.join(state, 'agent.json');
}

export function readConfig(state: string): AgentConfig {
  const file = configPath(state);
  if (!existsSync(file))
    throw new TidewayError('agent_not_registered', `${state} holds no agent`, {
      path: state,
      hint: 'Register it first.',
    });
  try {
    return agentConfig.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new TidewayError('state_corrupt', `${file} is damaged`, {
      path: file,
      hint: 'Restore it from a backup, or remove the state directory: the server then joins anew.',
      cause: error,
    });
  }
}
