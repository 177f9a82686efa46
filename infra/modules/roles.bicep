// Who may do what: all of it, and nothing elsewhere. docs/deploy.md says what each is for.
import * as types from '../types.bicep'

@description('Names of the services.')
param names types.names

@description('The shares: the app writes files of these only.')
param shareNames string[]

@description('Secrets that the app reads.')
param secretNames string[]

@description('Where keys that sign for agents are asked for by the identity.')
param delegated { files: bool, tables: bool }

// The built-in roles; their ids are the same in every tenant.
var roles = loadJsonContent('../roles.json')
var hub = { principalId: identity.properties.principalId, principalType: 'ServicePrincipal' }
var eventGrid = { principalId: topic.identity.principalId, principalType: 'ServicePrincipal' }
var type = 'Microsoft.Authorization/roleDefinitions'
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = { name: names.identity }
resource host 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: names.host
  resource blobs 'blobServices' existing = {
    name: 'default'
    resource deadLetters 'containers' existing = { name: 'dead-letters' }
  }
}
resource tables 'Microsoft.Storage/storageAccounts@2025-08-01' existing = { name: names.tables }
resource shares 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: names.shares
  resource files 'fileServices' existing = {
    name: 'default'
    resource share 'shares' existing = [for each in shareNames: { name: each }]
  }
}
resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: names.serviceBus
  resource changes 'queues' existing = { name: 'changes' }
  resource events 'queues' existing = { name: 'events' }
  resource sites 'topics' existing = { name: 'sites' }
}
resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = { name: names.topic }
resource insights 'Microsoft.Insights/components@2020-02-02' existing = { name: names.insights }
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: names.vault
  resource secret 'secrets' existing = [for each in secretNames: { name: each }]
}

// Leases, keys and packages of the Functions host, and Durable's hub.
resource onHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in [roles.blobOwner, roles.queueContributor, roles.tableContributor]: {
    scope: host
    name: guid(host.id, identity.id, id)
    properties: { ...hub, roleDefinitionId: subscriptionResourceId(type, id) }
  }
]

// The namespace and the change log; keys to sign for agents, where no account key does.
resource onTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in concat([roles.tableContributor], delegated.tables ? [roles.tableDelegator] : []): {
    scope: tables
    name: guid(tables.id, identity.id, id)
    properties: { ...hub, roleDefinitionId: subscriptionResourceId(type, id) }
  }
]

// Files, share by share: one that is not named here cannot be touched.
resource onShare 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (each, index) in shareNames: {
    scope: shares::files::share[index]
    name: guid(shares.id, each, identity.id, roles.filePrivilegedContributor)
    properties: { ...hub, roleDefinitionId: subscriptionResourceId(type, roles.filePrivilegedContributor) }
  }
]

// Snapshots are management of a share, which no data role covers; keys to sign with are given by the account.
resource snapshots 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'tideway-shares')
  properties: {
    roleName: 'Tideway shares (${names.shares})'
    description: 'Makes, lists and deletes snapshots of shares.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [{ actions: roles.shareActions }]
  }
}

resource onShares 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in concat(['tideway-shares'], delegated.files ? [roles.fileDelegator] : []): {
    scope: shares
    name: guid(shares.id, identity.id, id)
    properties: { ...hub, roleDefinitionId: id == 'tideway-shares' ? snapshots.id : subscriptionResourceId(type, id) }
  }
]

// The committer takes `changes`; operations of the backend's own go there too.
resource onChanges 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in [roles.busReceiver, roles.busSender]: {
    scope: bus::changes
    name: guid(bus::changes.id, identity.id, id)
    properties: { ...hub, roleDefinitionId: subscriptionResourceId(type, id) }
  }
]

resource onEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: bus::events
  name: guid(bus::events.id, identity.id, roles.busReceiver)
  properties: { ...hub, roleDefinitionId: subscriptionResourceId(type, roles.busReceiver) }
}

resource onSites 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: bus::sites
  name: guid(bus::sites.id, identity.id, roles.busSender)
  properties: { ...hub, roleDefinitionId: subscriptionResourceId(type, roles.busSender) }
}

resource onTopic 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: topic
  name: guid(topic.id, identity.id, roles.eventSender)
  properties: { ...hub, roleDefinitionId: subscriptionResourceId(type, roles.eventSender) }
}

resource onInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, identity.id, roles.metricsPublisher)
  properties: { ...hub, roleDefinitionId: subscriptionResourceId(type, roles.metricsPublisher) }
}

resource onSecret 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (each, index) in secretNames: {
    scope: vault::secret[index]
    name: guid(vault.id, each, identity.id, roles.secretsUser)
    properties: { ...hub, roleDefinitionId: subscriptionResourceId(type, roles.secretsUser) }
  }
]

// Event Grid's own: events to the queue, where it may not call the app, and those it could not deliver to a container.
resource eventsToQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: bus::events
  name: guid(bus::events.id, topic.id, roles.busSender)
  properties: { ...eventGrid, roleDefinitionId: subscriptionResourceId(type, roles.busSender) }
}

resource deadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: host::blobs::deadLetters
  name: guid(host::blobs::deadLetters.id, topic.id, roles.blobContributor)
  properties: { ...eventGrid, roleDefinitionId: subscriptionResourceId(type, roles.blobContributor) }
}
