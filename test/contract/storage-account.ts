// A storage account that a setting names, as its connection string in the portal does.

export interface StorageAccount {
  readonly name: string;
  readonly key: string;
  /** Of the service, without a slash at its end. */
  readonly url: string;
}

/** Undefined where the setting is not there. `short` are other words for a string. Throws where there is no key in it. */
export function storageAccount(
  setting: string,
  service: 'File' | 'Table',
  short: Readonly<Record<string, string>> = {},
): StorageAccount | undefined {
  const said = process.env[setting] ?? '';
  const text = short[said] ?? said;
  if (text === '') return undefined;
  const value = (field: string): string | undefined => new RegExp(`(?:^|;)${field}=([^;]*)`, 'i').exec(text)?.[1];
  const [name, key] = [value('AccountName'), value('AccountKey')];
  if (name === undefined || key === undefined)
    throw new Error(`${setting} must be a connection string with AccountName and AccountKey`);
  const suffix = value('EndpointSuffix') ?? 'core.windows.net';
  const url = value(`${service}Endpoint`) ?? `https://${name}.${service.toLowerCase()}.${suffix}`;
  return { name, key, url: url.replace(/\/$/, '') };
}
