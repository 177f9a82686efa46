// Durable Functions: a task that an orchestrator awaits again, within another Task.all or Task.any, is in the library's answer
// a second time. In JSON nobody can tell it from a new task, and Microsoft's extension does not: it runs the activity again,
// under a number that the library gives to another task, and results go to the wrong tasks. Here, where the answer is still
// objects, it can be seen; the host then fails the orchestration instead.

interface ActionLike {
  readonly actionType?: unknown;
  readonly functionName?: unknown;
  readonly compoundActions?: readonly ActionLike[];
}

/** Waits for external events take no number: they may come again. */
const externalEvent = 6;

/** Adds to the answer of an orchestrator what it awaits again, if anything. */
export function markRepeatedTask(answer: unknown): void {
  const state = answer as { readonly actions?: readonly (readonly ActionLike[])[]; repeatedTask?: string } | null;
  if (typeof state !== 'object' || state === null || !Array.isArray(state.actions)) return;
  const repeated = firstTwice(state.actions.flat(), new Set());
  if (repeated === undefined) return;
  state.repeatedTask = typeof repeated.functionName === 'string' ? repeated.functionName : 'a timer or a call';
}

function firstTwice(actions: readonly ActionLike[], seen: Set<ActionLike>): ActionLike | undefined {
  for (const action of actions) {
    if (action.compoundActions !== undefined) {
      const found = firstTwice(action.compoundActions, seen);
      if (found !== undefined) return found;
    } else if (action.actionType !== externalEvent) {
      if (seen.has(action)) return action;
      seen.add(action);
    }
  }
  return undefined;
}
