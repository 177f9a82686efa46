// The agent's process: `node lib/agent/process/main.ts --data DIR --site NAME --state DIR`. It serves the channel of its
// parent and ends when that is gone, so that no orphan writes on.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../base/clock.ts';
import { counted } from '../../base/counters.ts';
import { TidewayError, codeOf, messageOf } from '../../base/errors.ts';
import { jsonLog, type Log } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import { rotatingWriter } from '../../base/rotating-log.ts';
import { startAgent, type Agent } from '../agent.ts';
import { heartbeat } from '../heartbeat.ts';
import { apiOf } from '../remote/api.ts';
import { openAccounts } from '../fs/open-accounts.ts';
import { openSiteFs } from '../fs/open-site.ts';
import { watchOf } from '../fs/watch.ts';
import { remoteBackend } from '../remote/backend.ts';
import { ask, type Ask, type Reply } from './channel.ts';
import { readConfig, type AgentConfig } from './config.ts';
import { untilRoom } from './room.ts';

const { values } = parseArgs({
  options: { data: { type: 'string' }, site: { type: 'string' }, state: { type: 'string' } },
});
const state = values.state ?? '.';
const site = values.site ?? 'agent';
const logs = path.join(values.data ?? state, 'logs');
const log: Log = jsonLog(`agent-${site}`, rotatingWriter(logs, `agent-${site}`), () => systemClock.now());

process.on('uncaughtException', (error) => {
  log.error('agent_crashed', { error });
  process.exit(1);
});

async function main(): Promise<void> {
  const config = readConfig(state);
  const agent = await start(config);
  const silence = new AbortController();
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    silence.abort();
    stopping ??= agent.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('agent_stop_failed', { error });
        process.exit(1);
      },
    );
  };
  const clock = systemClock;
  const api = apiOf({ ...config, clock });
  void heartbeat({ agent, send: (report) => api.report(report), clock, log, signal: silence.signal });
  void untilRoom(agent, state).then(() => process.exit(1));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The hub is gone: whatever is in the state resumes with the next one.
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    const parsed = ask.safeParse(message);
    if (parsed.success) void serve(agent, parsed.data);
  });
  process.send?.({ hello: true });
}

async function start(config: AgentConfig): Promise<Agent> {
  const fs = await openSiteFs(config.root).catch((error: unknown) => {
    throw new TidewayError('site_unusable', `${config.root} cannot be opened: ${messageOf(error)}`, {
      path: config.root,
      hint: 'Check that the directory exists, is mounted and may be read and written by this user.',
      cause: error,
    });
  });
  const { url, group, endpoint, privateKey } = config;
  const clock = systemClock;
  return startAgent({
    endpoint,
    privateKey,
    stateFile: path.join(state, 'state.db'),
    fs,
    accounts: await openAccounts(() => clock.monotonic()),
    startWatch: watchOf(fs),
    backend: remoteBackend({ url, group, endpoint, privateKey, clock, log }),
    clock,
    random: systemRandom,
    log,
  });
}

async function serve(agent: Agent, request: Ask): Promise<void> {
  try {
    answer({ id: request.id, value: await act(agent, request) });
  } catch (error) {
    const hint = error instanceof TidewayError && error.hint !== undefined ? { hint: error.hint } : {};
    answer({ id: request.id, error: { code: codeOf(error) || 'agent_failed', message: messageOf(error), ...hint } });
  }
}

async function act(agent: Agent, request: Ask): Promise<unknown> {
  switch (request.do) {
    case 'status':
      return { ...agent.status(), counters: { ...agent.counters(), ...counted() } };
    case 'settled':
      return agent.settled(systemClock.monotonic() + (request.timeoutMs ?? 0));
    case 'rescan':
      return agent.rescan();
    case 'resume':
      return agent.resume();
    case 'pause':
      return agent.pause();
    default:
      throw new Error('broken invariant: no such request');
  }
}

function answer(reply: Reply): void {
  if (process.connected) process.send?.(reply);
}

main().catch((error: unknown) => {
  log.error('agent_not_started', { error });
  const details = error instanceof TidewayError ? { path: error.path, hint: error.hint } : {};
  process.send?.(
    { hello: true, error: { code: codeOf(error) || 'agent_failed', message: messageOf(error), ...details } },
    () => process.exit(1),
  );
});
