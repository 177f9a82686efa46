import type { Resource, Snapshot } from './world.ts';

/** Resources of exactly this type. */
export function ownResources({ predictedResources }: Snapshot, type: string): Resource[] {
  return predictedResources.filter((each) => each.type === type);
}

/** App settings, by name. */
export function settingsOf(snapshot: Snapshot): Readonly<Record<string, unknown>> {
  const found = ownResources(snapshot, 'Microsoft.Web/sites/config').find(({ name }) => name.endsWith('/appsettings'));
  if (found?.properties === undefined) throw new Error('the snapshot sets no app settings');
  return found.properties;
}

/** A value deep inside: `properties.functionAppConfig.runtime.name`; undefined where there is none. */
export function valueAt(resource: Resource, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      resource,
    );
}
