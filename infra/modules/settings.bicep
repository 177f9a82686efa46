// Every setting of the app. Each deployment replaces the whole set: what is set by hand is gone after the next.
import * as types from '../types.bicep'

@description('The app.')
param appName string

@description('Account of the host.')
param hostAccount string

@description('URL of the vault, with a slash at its end.')
param vaultUri string

@description('Who signs access to files.')
param filesSigning types.signing

@description('Who signs access to rows.')
param tablesSigning types.signing

@description('SHA-256 of the token of administrators.')
param tokenHash string

@description('Event Grid may not call the app.')
param isPrivate bool

@description('What differs from tuning.json.')
param tuning types.texts

@description('Where everything is.')
param connections types.connections

var storage = environment().suffixes.storage

func secret(vault string, name string) string => '@Microsoft.KeyVault(SecretUri=${vault}secrets/${name})'

var ofHost = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: connections.clientId
  AzureWebJobsStorage__blobServiceUri: 'https://${hostAccount}.blob.${storage}'
  AzureWebJobsStorage__queueServiceUri: 'https://${hostAccount}.queue.${storage}'
  AzureWebJobsStorage__tableServiceUri: 'https://${hostAccount}.table.${storage}'
  APPLICATIONINSIGHTS_CONNECTION_STRING: connections.insights
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${connections.clientId};Authorization=AAD'
}

var ofServices = {
  AZURE_CLIENT_ID: connections.clientId
  SERVICEBUS_CONNECTION_STRING__fullyQualifiedNamespace: connections.serviceBusHost
  SERVICEBUS_CONNECTION_STRING__credential: 'managedidentity'
  SERVICEBUS_CONNECTION_STRING__clientId: connections.clientId
  EVENTGRID_TOPIC_ENDPOINT: connections.topicEndpoint
  TIDEWAY_TABLES_ENDPOINT: connections.tablesEndpoint
  TIDEWAY_TABLES_SIGNING: tablesSigning
  TIDEWAY_FILES_ENDPOINT: connections.filesEndpoint
  TIDEWAY_FILES_SIGNING: filesSigning
  TIDEWAY_TOKEN_HASH: tokenHash
}

var secrets = union(
  {
    TIDEWAY_BUS_SEND_KEY: secret(vaultUri, 'bus-send')
    TIDEWAY_BUS_LISTEN_KEY: secret(vaultUri, 'bus-listen')
  },
  filesSigning == 'accountKey' ? { TIDEWAY_FILES_KEY: secret(vaultUri, 'files-key') } : {},
  tablesSigning == 'accountKey' ? { TIDEWAY_TABLES_KEY: secret(vaultUri, 'tables-key') } : {}
)

// Two ways for an event to the same handlers, one of them closed.
var ways = {
  'AzureWebJobs.events.Disabled': string(!isPrivate)
  'AzureWebJobs.fanOut.Disabled': string(isPrivate)
  'AzureWebJobs.shareChanged.Disabled': string(isPrivate)
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = { name: appName }

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(ofHost, ofServices, secrets, ways, loadJsonContent('../tuning.json'), tuning)
}
