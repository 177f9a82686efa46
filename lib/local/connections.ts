// The embedded services as the official clients are told of them.

/** The storage account that the embedded tables and files belong to. */
export const accountName = 'tideway';

/** A connection string with the endpoints of those that have a port. `key` is base64. */
export function storageConnection(
  host: string,
  key: string,
  ports: { readonly tables?: number | undefined; readonly files?: number | undefined },
): string {
  const endpoint = (name: string, port: number | undefined): string =>
    port === undefined ? '' : `${name}=http://${host}:${port}/${accountName};`;
  return (
    `DefaultEndpointsProtocol=http;AccountName=${accountName};AccountKey=${key};` +
    endpoint('TableEndpoint', ports.tables) +
    endpoint('FileEndpoint', ports.files)
  );
}

export function serviceBusConnection(host: string, port: number, key: string): string {
  const name = host === '127.0.0.1' ? 'localhost' : host;
  return (
    `Endpoint=sb://${name}:${port};SharedAccessKeyName=RootManageSharedAccessKey;` +
    `SharedAccessKey=${key};UseDevelopmentEmulator=true`
  );
}

export function topicEndpoint(host: string, port: number): string {
  return `http://${host}:${port}/api/events`;
}

/** Where Event Grid delivers to a function. */
export function webhookOf(functionsUrl: string, functionName: string, systemKey: string): string {
  return `${functionsUrl}/runtime/webhooks/eventgrid?functionName=${functionName}&code=${systemKey}`;
}
