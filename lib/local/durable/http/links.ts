// Where an instance is looked at and steered: in the answers of the HTTP API, and in the client binding of the library.

export const webhookPath = '/runtime/webhooks/durabletask';

export interface Links {
  /** Without a slash at the end. */
  readonly base: string;
  readonly hubName: string;
  /** The key that the webhook wants; undefined where none is wanted. */
  readonly code: string | undefined;
}

/** The name of the connection, as the extension tells it. */
const connection = 'Storage';

function required({ hubName, code }: Links): string {
  const key = code === undefined ? '' : `&code=${encodeURIComponent(code)}`;
  return `taskHub=${encodeURIComponent(hubName)}&connection=${connection}${key}`;
}

/** The body of the answer to a start; `path` is the instance's id as it stands in a URL. */
export function instanceLinks(id: string, path: string, links: Links): Record<string, string> {
  const instance = `${links.base}/instances/${path}`;
  const query = required(links);
  return {
    id,
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
    suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
    resumePostUri: `${instance}/resume?reason={text}&${query}`,
  };
}

const placeholder = 'INSTANCEID';

/** What the library's client wants to know. It prefers the address without a key, which must end in a slash. */
export function clientBinding(links: Links, rpcBaseUrl: string): Record<string, unknown> {
  const { base, hubName, code } = links;
  const create = `${base}/orchestrators/{functionName}[/{instanceId}]`;
  const key = code === undefined ? '' : `code=${encodeURIComponent(code)}`;
  const manage = instanceLinks(placeholder, placeholder, links);
  return {
    taskHubName: hubName,
    creationUrls: {
      createNewInstancePostUri: `${create}?${key}`,
      createAndWaitOnNewInstancePostUri: `${create}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&${key}`,
    },
    managementUrls: {
      ...manage,
      rewindPostUri: `${base}/instances/${placeholder}/rewind?reason={text}&${required(links)}`,
    },
    baseUrl: base,
    requiredQueryStringParameters: required(links),
    rpcBaseUrl,
    httpBaseUrl: base,
    maxGrpcMessageSizeInBytes: 2_147_483_647,
    grpcHttpClientTimeout: null,
  };
}
