// Settings that one side only knows, each for a reason.

/** Connection strings, whose place an identity takes in Azure; and secrets of which Azure need not know. */
export const embeddedOnly: readonly string[] = [
  'AZURE_STORAGE_CONNECTION_STRING',
  'SERVICEBUS_CONNECTION_STRING',
  'EVENTGRID_TOPIC_KEY',
  'TIDEWAY_TOKEN',
  'TIDEWAY_CLOUD_KEY',
];

/** The other way round. */
export const azureOnly: readonly string[] = [
  'AZURE_CLIENT_ID',
  'SERVICEBUS_CONNECTION_STRING__fullyQualifiedNamespace',
  'TIDEWAY_FILES_ENDPOINT',
  'TIDEWAY_FILES_SIGNING',
  'TIDEWAY_FILES_KEY',
  'TIDEWAY_TABLES_ENDPOINT',
  'TIDEWAY_TABLES_SIGNING',
  'TIDEWAY_TABLES_KEY',
  'TIDEWAY_TOKEN_HASH',
  'TIDEWAY_BUS_SEND_KEY',
  'TIDEWAY_BUS_LISTEN_KEY',
];

/** Azure sets these for an app that has an identity. */
export const givenByAzure: readonly string[] = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'];

/** The Functions host reads these. */
export const hostOnly: readonly string[] = [
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__tableServiceUri',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
];

/** https://learn.microsoft.com/azure/azure-functions/functions-app-settings: deprecated or refused on Flex Consumption. */
export const neverOnFlex: readonly string[] = [
  'FUNCTIONS_WORKER_RUNTIME',
  'FUNCTIONS_EXTENSION_VERSION',
  'WEBSITE_RUN_FROM_PACKAGE',
  'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING',
  'WEBSITE_CONTENTSHARE',
  'WEBSITE_NODE_DEFAULT_VERSION',
  'WEBSITE_TIME_ZONE',
  'WEBSITE_LOAD_CERTIFICATES',
  'SCM_DO_BUILD_DURING_DEPLOYMENT',
  'ENABLE_ORYX_BUILD',
  'TZ',
];
