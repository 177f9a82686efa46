import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compiled, hashFile, hashSources, sources, templates } from '../../infra/sources.ts';
import { defaultSettings, readSettings } from '../../lib/cloud/settings.ts';
import { alerts, apps, events, host, messages, settings } from './rules.ts';
import { network } from './network.ts';
import { roles } from './roles.ts';
import { billing, keys, values, versions } from './security.ts';
import { settingsOf } from './read-resources.ts';
import { readWorld } from './world.ts';

const world = readWorld();

describe('code, settings, topology and templates say the same', () => {
  test.each([
    ['settings', settings],
    ['queues, topic, slots and tables', messages],
    ['events and their subscriptions', events],
    ['host.json', host],
    ['alerts and what they read', alerts],
    ['values that Azure takes', values],
    ['kind, sku and shares', billing],
    ['versions of the resource providers', versions],
    ['keys', keys],
    ['roles', roles],
    ['entrances and subnets', network],
  ])('%s', (_, rule) => {
    expect(rule(world)).toEqual([]);
  });

  test('a setting of tuning.json is what the code does without it', () => {
    for (const name of apps.filter((each) => each !== 'two-groups')) {
      const found = Object.entries(settingsOf(world.snapshots[name])).map(([key, value]) => [key, String(value)]);
      expect(readSettings(Object.fromEntries(found))).toEqual(defaultSettings);
    }
    expect(settingsOf(world.snapshots['two-groups'])['TIDEWAY_ENUMERATE_SECONDS']).toBe('604800');
  });

  test('mail about a silent server comes when three reports did not', () => {
    const text = JSON.stringify(world.snapshots['two-groups']);
    const [, seconds] = /max\(todouble\(vital\.lastSeenSeconds\)\).{1,100}worst > (\d+)/.exec(text) ?? [];
    expect(Number(seconds) * 1000).toBe(3 * defaultSettings.reportMs);
  });

  test.each(apps)('%s: names that Azure takes, fewer resources than a deployment may have', (name) => {
    const { predictedResources, diagnostics } = world.snapshots[name];
    expect(diagnostics).toEqual([]);
    expect(predictedResources.length).toBeLessThan(800);
    for (const each of predictedResources) {
      if (each.type === 'Microsoft.Storage/storageAccounts') expect(each.name).toMatch(/^[a-z0-9]{3,24}$/);
      if (each.type === 'Microsoft.KeyVault/vaults')
        expect(each.name).toMatch(/^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/);
      if (each.type === 'Microsoft.Web/sites') expect(each.name).toMatch(/^[a-z0-9][a-z0-9-]{1,58}[a-z0-9]$/);
      if (each.type === 'Microsoft.ServiceBus/namespaces') expect(each.name).toMatch(/^[a-z][a-z0-9-]{4,48}[a-z0-9]$/);
    }
  });
});

describe('what is kept of the compiler', () => {
  test('was made of the sources as they are', () => {
    expect(readFileSync(hashFile, 'utf8').trim()).toBe(hashSources());
  });

  test('another word in any source is noticed', () => {
    const read = (name: string): string => readFileSync(path.join(import.meta.dirname, '../../infra', name), 'utf8');
    for (const changed of sources())
      expect(hashSources((name) => read(name) + (name === changed ? ' ' : ''))).not.toBe(hashSources());
  });

  test.each(templates)('%s.json: every parameter is described, no preview, no registry', (name) => {
    const text = readFileSync(path.join(compiled, `${name}.json`), 'utf8');
    const { parameters } = JSON.parse(text) as { parameters: Record<string, { metadata?: { description?: string } }> };
    for (const [parameter, { metadata }] of Object.entries(parameters))
      expect([parameter, metadata?.description]).toEqual([parameter, expect.stringMatching(/\w/)]);
    expect(text).not.toMatch(/"apiVersion": "[\d-]+-preview"/);
  });

  test('no module is longer than a screen or two, and main.bicep is within the limit of any file', () => {
    for (const name of sources().filter((each) => each.endsWith('.bicep'))) {
      const lines = readFileSync(path.join(import.meta.dirname, '../../infra', name), 'utf8').split('\n').length - 1;
      expect([name, lines <= (name === 'main.bicep' ? 300 : 150)]).toEqual([name, true]);
    }
  });
});
