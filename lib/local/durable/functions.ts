import type { FunctionDefinition } from '../functions-host/function-definition.ts';
import { ReplayError } from './ledger.ts';
import { type FunctionKind, orchestratorFailed, unknownFunction } from './texts.ts';

const kinds: Readonly<Record<string, FunctionKind>> = {
  orchestrationtrigger: 'orchestrator',
  activitytrigger: 'activity',
  entitytrigger: 'entity',
};

/** The app's durable functions. Their names ignore case, as everywhere on Azure. */
export class DurableFunctions {
  readonly #functions: Readonly<Record<FunctionKind, Map<string, FunctionDefinition>>> = {
    orchestrator: new Map(),
    activity: new Map(),
    entity: new Map(),
  };

  add(definition: FunctionDefinition): void {
    const kind = kinds[definition.trigger.type.toLowerCase()];
    if (kind === undefined) throw new Error(`broken invariant: ${definition.trigger.type} is no durable trigger`);
    this.#functions[kind].set(nameOf(definition).toLowerCase(), definition);
  }

  find(kind: FunctionKind, name: string): FunctionDefinition | undefined {
    return this.#functions[kind].get(name.toLowerCase());
  }

  /** What is said of a name that no function of that kind has. */
  unknown(kind: FunctionKind, name: string): string {
    return unknownFunction(kind, name, [...this.#functions[kind].values()].map(nameOf));
  }

  /** For the replays of an orchestrator. */
  check(orchestrator: string): (kind: FunctionKind, name: string) => void {
    return (kind, name) => {
      if (this.find(kind, name) === undefined)
        throw new ReplayError(orchestratorFailed(orchestrator, this.unknown(kind, name)));
    };
  }
}

/** A binding may name the function otherwise than the app does. */
function nameOf(definition: FunctionDefinition): string {
  const { trigger, name } = definition;
  const given = trigger['orchestration'] ?? trigger['activity'] ?? trigger['entityName'];
  return typeof given === 'string' && given !== '' ? given : name;
}
