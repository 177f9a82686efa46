// The child process in which the app runs. It lives as long as its IPC channel: when the host dies, so does this.
import { flushCompileCache } from 'node:module';
import type { HostMessage, WorkerMessage } from '../rpc.ts';
import { tell } from './channel.ts';
import { exceptionOf } from './errors.ts';
import { invoke } from './invoke.ts';
import { loadApp } from './load-app.ts';
import { appHookData, appLevelHookData, hooks } from './registry.ts';

process.on('message', (message: HostMessage) => {
  void handle(message);
});
// Ctrl-C and systemd signal the whole process group, but the host decides when its worker ends: after the drain.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));

async function handle(message: HostMessage): Promise<void> {
  switch (message.type) {
    case 'start':
      try {
        tell({ type: 'started', functions: await loadApp(message.dir, message.entries) });
        // By itself it is written at the end of a process, and this one may be killed.
        flushCompileCache();
      } catch (error) {
        tell({ type: 'unstartable', exception: exceptionOf(error) });
      }
      return;
    case 'invoke': {
      const { invocationId } = message.request;
      try {
        const response = await invoke(message.request);
        tell({ type: 'succeeded', invocationId, response });
      } catch (error) {
        tell({ type: 'failed', invocationId, exception: exceptionOf(error) });
      }
      return;
    }
    case 'terminate':
      for (const hook of hooks.appTerminate) await hook({ hookData: appLevelHookData, appHookData });
      // Only once this line is written: exiting at once would cut off the log lines before it.
      process.send?.({ type: 'terminated' } satisfies WorkerMessage, () => process.exit(0));
  }
}
