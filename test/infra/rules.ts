// What has to hold between code, settings, topology and templates, each rule a list of what is wrong.
import { azureOnly, embeddedOnly, givenByAzure, hostOnly, neverOnFlex } from './settings-lists.ts';
import { ownResources, settingsOf } from './read-resources.ts';
import type { Snapshot, World } from './world.ts';

type Rule = (world: World) => string[];

export const apps = ['smallest', 'provisioned', 'private', 'two-groups'] as const;
const subscriptions = ['subscriptions-public', 'subscriptions-private'] as const;

/** The other way round, too: `a` without what is in `b`, and `b` without what is in `a`. */
function differ(a: readonly string[], b: readonly string[], notInB: string, notInA: string): string[] {
  return [
    ...a.filter((name) => !b.includes(name)).map((name) => `${name} ${notInB}`),
    ...b.filter((name) => !a.includes(name)).map((name) => `${name} ${notInA}`),
  ];
}

function perVariant(world: World, rule: (snapshot: Snapshot, name: (typeof apps)[number]) => string[]): string[] {
  return apps.flatMap((name) => rule(world.snapshots[name], name).map((text) => `${name}: ${text}`));
}

export const settings: Rule = (world) => {
  const { code, sample } = world;
  const families = code.connections.flatMap((name) =>
    ['fullyQualifiedNamespace', 'credential', 'clientId'].map((part) => `${name}__${part}`),
  );
  const disabled = ['events', 'fanOut', 'shareChanged'].map((name) => `AzureWebJobs.${name}.Disabled`);
  const inCode = code.settings.filter((name) => !embeddedOnly.includes(name) && !givenByAzure.includes(name));
  const wanted = [...new Set([...inCode, ...families, ...hostOnly, ...disabled])];
  const byKey: Readonly<Record<string, string>> = {
    TIDEWAY_FILES_SIGNING: 'TIDEWAY_FILES_KEY',
    TIDEWAY_TABLES_SIGNING: 'TIDEWAY_TABLES_KEY',
  };
  return [
    ...perVariant(world, (snapshot) => {
      const found = settingsOf(snapshot);
      const unneeded = Object.entries(byKey).filter(([signing]) => found[signing] !== 'accountKey');
      const needed = wanted.filter((name) => !unneeded.some(([, key]) => key === name));
      return [
        ...differ(needed, Object.keys(found), 'is read and not set', 'is set and read by nobody'),
        ...Object.keys(found)
          .filter((name) => neverOnFlex.includes(name))
          .map((name) => `${name} is refused on Flex`),
        ...Object.entries(found)
          .filter(([, value]) => typeof value !== 'string' || /listKeys|AccountKey=|SharedAccessKey=/.test(value))
          .map(([name]) => `${name} holds a key, or no text`),
      ];
    }),
    ...differ(
      code.settings.filter((name) => !azureOnly.includes(name) && !givenByAzure.includes(name)),
      Object.keys(sample).filter((name) => name !== 'FUNCTIONS_WORKER_RUNTIME' && name !== 'AzureWebJobsStorage'),
      'is read and not in local.settings.sample.json',
      'is in local.settings.sample.json and read by nobody',
    ),
  ];
};

export const messages: Rule = (world) => {
  const { code, topology } = world;
  const { queues, topics } = topology.serviceBus;
  const names = (all: readonly { readonly name: string }[]): string[] => all.map(({ name }) => name);
  return [
    ...differ(names(queues), code.queues, 'is a queue nobody uses', 'is a queue that is not in topology.json'),
    ...differ(names(topics), code.topics, 'is a topic nobody uses', 'is a topic that is not in topology.json'),
    ...differ(topology.tables, code.tables, 'is a table nobody uses', 'is a table that is not in topology.json'),
    ...topics
      .filter(({ slots }) => !code.slotPrefixes.includes(slots.prefix))
      .map(({ name }) => `${name}: its slots have other names in the code`),
    ...perVariant(world, (snapshot) => {
      const below = (type: string): string[] =>
        ownResources(snapshot, type).map(({ name }) => name.slice(name.lastIndexOf('/') + 1));
      const slots = topics.flatMap(({ slots: { prefix, count } }) =>
        Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(3, '0')}`),
      );
      const rules = ownResources(snapshot, 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules');
      const wrong = slots.filter((slot) => {
        const own = rules.filter(({ name }) => name.split('/')[2] === slot);
        const filter = own[0]?.properties?.['correlationFilter'] as { to?: string } | undefined;
        return own.length !== 1 || own[0]?.name.endsWith('/$Default') !== true || filter?.to !== slot;
      });
      return [
        ...differ(
          names(queues),
          below('Microsoft.ServiceBus/namespaces/queues'),
          'is no queue in Bicep',
          'is a queue in Bicep only',
        ),
        ...differ(
          names(topics),
          below('Microsoft.ServiceBus/namespaces/topics'),
          'is no topic in Bicep',
          'is a topic in Bicep only',
        ),
        ...differ(
          slots,
          below('Microsoft.ServiceBus/namespaces/topics/subscriptions'),
          'is no slot in Bicep',
          'is a slot in Bicep only',
        ),
        ...differ(
          topology.tables,
          below('Microsoft.Storage/storageAccounts/tableServices/tables'),
          'is no table in Bicep',
          'is a table in Bicep only',
        ),
        ...wrong.map((slot) => `${slot} takes other messages than its own`),
      ];
    }),
  ];
};

export const events: Rule = ({ code, topology, snapshots }) => {
  const { subscriptions: all, queue } = topology.eventGrid;
  const sessions = topology.serviceBus.queues.filter((each) => each.requiresSession).map(({ name }) => name);
  return [
    ...all.filter((each) => !code.functions.includes(each.function)).map((each) => `${each.function} is no function`),
    ...differ(
      all.flatMap((each) => each.includedEventTypes),
      code.eventTypes,
      'is an event nobody knows',
      'is subscribed by nobody',
    ),
    ...(sessions.includes(queue) ? [`${queue} has sessions: Event Grid cannot deliver there`] : []),
    ...subscriptions.flatMap((name) =>
      differ(
        all.map((each) => each.name),
        snapshots[name].predictedResources.map((each) => each.name.split('/')[1] ?? ''),
        `is not in ${name}`,
        `is in ${name} only`,
      ),
    ),
    ...subscriptions.flatMap((name) =>
      snapshots[name].predictedResources.flatMap((each) => {
        const text = JSON.stringify(each.properties);
        const target = /\/queues\/([^"/]+)"/.exec(text)?.[1];
        const intoSessions = target !== undefined && sessions.includes(target);
        return intoSessions ? [`${each.name} goes to ${target}, which has sessions`] : [];
      }),
    ),
  ];
};

/** What the backend tells of itself, and what alerts read: the same names, and through host.json. */
export const alerts: Rule = ({ code, hostJson, snapshots }) => {
  const levels = (hostJson['logging'] as { logLevel?: Record<string, string> } | undefined)?.logLevel ?? {};
  const passes = (category: string): boolean => levels[category] === 'Information';
  const read = apps.map((name) => {
    const rules = ownResources(snapshots[name], 'Microsoft.Insights/scheduledQueryRules');
    const text = rules.map((rule) => JSON.stringify(rule.properties).replaceAll('\\"', '"')).join('\n');
    const names = [
      ...Array.from(text.matchAll(/vital\.event\) == "(tideway\.\w+)"/g), ([, event]) => event ?? ''),
      ...Array.from(text.matchAll(/vital\.(\w+Seconds)/g), ([, field]) => field ?? ''),
    ];
    return { name, text, names: [...new Set(names)] };
  });
  return read
    .filter(({ text }) => text !== '')
    .flatMap(({ name, text, names }) => [
      ...differ(code.vitals, names, 'is told and read by no alert', 'is read by an alert and told by nobody').map(
        (wrong) => `${name}: ${wrong}`,
      ),
      ...(passes('Function.tick.User') ? [] : [`${name}: what tick tells does not pass host.json`]),
      // Successes are written at level information; at warnings, only failures are.
      ...(/requests .*success == true/.test(text) && !passes('Host.Results')
        ? [`${name}: requests that succeeded do not pass host.json`]
        : []),
    ]);
};

/** The platform's own values that nobody would miss until it runs. */
export const host: Rule = ({ hostJson, code, snapshots }) => {
  const at = (path: string): unknown =>
    path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], hostJson);
  const ready = JSON.stringify(snapshots).matchAll(/"name":"function:(\w+)"/g);
  const span = /^00:00:0[12]$/;
  return [
    ...(at('extensionBundle.version') === '[4.*, 5.0.0)' ? [] : ['host.json has no extension bundle of version 4']),
    ...(/^[A-Za-z][A-Za-z0-9]{2,44}$/.test(String(at('extensions.durableTask.hubName')))
      ? []
      : ['host.json names no task hub']),
    ...(span.test(String(at('extensions.serviceBus.sessionIdleTimeout')))
      ? []
      : ['an idle session is held for too long']),
    // More than 10 s between two looks, and Flex takes the app for idle.
    ...(/^00:00:(0\d|10)$/.test(String(at('extensions.durableTask.storageProvider.maxQueuePollingInterval')))
      ? []
      : ['the task hub is looked at too seldom']),
    ...(Number(at('extensions.serviceBus.maxConcurrentSessions')) >= 8 ? [] : ['few groups at once']),
    ...Array.from(JSON.stringify(snapshots).matchAll(/where name == \\"([a-z]\w+)\\"/g), ([, name]) => name ?? '')
      .filter((name) => !code.functions.includes(name))
      .map((name) => `${name} is watched by an alert and no function`),
    ...Array.from(ready, ([, name]) => name ?? '')
      .filter((name) => !code.functions.includes(name))
      .map((name) => `${name} is always ready and no function`),
  ];
};
