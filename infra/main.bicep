// Tideway on Azure, top to bottom: the group, who the app is, where data and messages live, what runs, who may do what,
// and who is told when something is wrong. Event subscriptions come after the deployment of the code: subscriptions.bicep.
targetScope = 'subscription'

import * as types from 'types.bicep'

@description('Name of the environment: part of every name, so that several live side by side.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Region of everything.')
param location string

@description('Version of Node the functions run on.')
@allowed(['22', '24'])
param nodeVersion string = '24'

@description('Memory of one instance in MB; 2,048 is one core, which 32 paths at once need.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Upper bound of instances, and so of what a flood can cost.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that never go to sleep: one of the committer takes the cold start out of the way of a change, 0 costs nothing at rest.')
param alwaysReady types.alwaysReady = { commit: 1, durable: 0 }

@description('How the shares are billed.')
param billing types.billing = 'payAsYouGo'

@description('Copies of the shares.')
param redundancy types.redundancy = 'LRS'

@description('Sync groups, each on a share of its own.')
@minLength(1)
param groups types.group[] = [{ name: 'tideway', quotaGiB: 5120 }]

@description('Days in which a deleted share can be brought back.')
@minValue(1)
@maxValue(365)
param shareRetentionDays int = 14

@description('Who signs access to files. Shares of provisioned billing live in accounts for which user delegation was not tried.')
param filesSigning types.signing = 'userDelegation'

@description('Who signs access to table rows.')
param tablesSigning types.signing = 'accountKey'

@description('Everything inside a virtual network, nothing reachable from outside. See docs/deploy.md for the three consequences.')
param privateNetwork bool = false

@description('Address range of the virtual network, /24 or larger.')
param addressPrefix string = '10.90.0.0/24'

@description('Instances in several zones of the region; twice the instances that are always ready.')
param zoneRedundant bool = false

@description('Forbids to delete accounts with data by mistake; azd down stops at them.')
param lockData bool = true

@description('A deleted vault cannot be removed for good before its time. Cannot be undone.')
param purgeProtection bool = true

@description('Where alerts go; none without it.')
param alertEmail string = ''

@description('Log data in GB a day; beyond it nothing is kept, alerts from logs included. -1 is no limit.')
param dailyQuotaGb int = -1

@description('Settings of the backend that differ from tuning.json: ages and periods, in seconds, as text.')
param tuning types.texts = {}

@description('Lets whoever has the role EventGrid Data Sender post events by identity only (false), or by the key of the topic too (true).')
param topicKeys bool = false

@description('SHA-256, in hexadecimal, of the token of the command line and of administrators: 24 random bytes or more.')
@minLength(64)
@maxLength(64)
param tokenHash string

@description('Tags of every resource.')
param tags types.texts = {}

var suffix = uniqueString(subscription().subscriptionId, environmentName, location)
var names = {
  identity: 'id-tideway-${suffix}'
  host: 'sthost${suffix}'
  tables: 'sttable${suffix}'
  shares: 'stshare${suffix}'
  serviceBus: 'sb-tideway-${suffix}'
  topic: 'evgt-tideway-${suffix}'
  vault: 'kv-tw-${suffix}'
  app: 'func-tideway-${suffix}'
  insights: 'appi-tideway-${suffix}'
}
var allTags = union(tags, { 'azd-env-name': environmentName, application: 'tideway' })

resource resourceGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-tideway-${environmentName}'
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: resourceGroup
  params: { name: names.identity, location: location, tags: allTags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: resourceGroup
  params: { suffix: suffix, name: names.insights, location: location, tags: allTags, dailyQuotaGb: dailyQuotaGb }
}

module hostStorage 'modules/host-storage.bicep' = {
  scope: resourceGroup
  params: { name: names.host, location: location, tags: allTags, isPrivate: privateNetwork }
}

module tables 'modules/tables.bicep' = {
  scope: resourceGroup
  params: {
    name: names.tables
    location: location
    tags: allTags
    isPrivate: privateNetwork
    signing: tablesSigning
    lock: lockData
  }
}

module shares 'modules/shares.bicep' = {
  scope: resourceGroup
  params: {
    name: names.shares
    location: location
    tags: allTags
    isPrivate: privateNetwork
    billing: billing
    redundancy: redundancy
    signing: filesSigning
    groups: groups
    retentionDays: shareRetentionDays
    lock: lockData
  }
}

module serviceBus 'modules/service-bus.bicep' = {
  scope: resourceGroup
  params: { name: names.serviceBus, location: location, tags: allTags, isPrivate: privateNetwork }
}

module eventGrid 'modules/event-grid.bicep' = {
  scope: resourceGroup
  params: { name: names.topic, location: location, tags: allTags, isPrivate: privateNetwork, keys: topicKeys }
}

module vault 'modules/vault.bicep' = {
  scope: resourceGroup
  params: {
    name: names.vault
    location: location
    tags: allTags
    isPrivate: privateNetwork
    purgeProtection: purgeProtection
    serviceBusName: names.serviceBus
    sharesAccount: names.shares
    filesKey: filesSigning == 'accountKey'
    tablesAccount: names.tables
    tablesKey: tablesSigning == 'accountKey'
  }
  dependsOn: [serviceBus, shares, tables]
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: resourceGroup
  params: { suffix: suffix, location: location, tags: allTags, addressPrefix: addressPrefix }
}

module app 'modules/app.bicep' = {
  scope: resourceGroup
  params: {
    name: names.app
    location: location
    tags: allTags
    identityId: identity.outputs.id
    packages: hostStorage.outputs.packages
    subnetId: network.?outputs.appSubnetId ?? ''
    isPrivate: privateNetwork
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
  }
}

module roles 'modules/roles.bicep' = {
  scope: resourceGroup
  params: {
    names: names
    shareNames: map(groups, each => each.name)
    secretNames: concat(
      ['bus-send', 'bus-listen'],
      filesSigning == 'accountKey' ? ['files-key'] : [],
      tablesSigning == 'accountKey' ? ['tables-key'] : []
    )
    delegated: { files: filesSigning == 'userDelegation', tables: tablesSigning == 'userDelegation' }
  }
  dependsOn: [identity, monitoring, hostStorage, tables, shares, serviceBus, eventGrid, vault]
}

module settings 'modules/settings.bicep' = {
  scope: resourceGroup
  params: {
    appName: names.app
    vaultUri: vault.outputs.uri
    filesSigning: filesSigning
    tablesSigning: tablesSigning
    tokenHash: tokenHash
    isPrivate: privateNetwork
    tuning: tuning
    hostAccount: names.host
    connections: {
      clientId: identity.outputs.clientId
      tablesEndpoint: tables.outputs.endpoint
      filesEndpoint: shares.outputs.endpoint
      serviceBusHost: serviceBus.outputs.host
      topicEndpoint: eventGrid.outputs.endpoint
      insights: monitoring.outputs.connectionString
    }
  }
  dependsOn: [app, roles]
}

module endpoints 'modules/endpoints.bicep' = if (privateNetwork) {
  scope: resourceGroup
  params: {
    suffix: suffix
    location: location
    tags: allTags
    vnetId: network!.outputs.vnetId
    subnetId: network!.outputs.endpointSubnetId
    hostAccountId: hostStorage.outputs.id
    tablesAccountId: tables.outputs.id
    sharesAccountId: shares.outputs.id
    serviceBusId: serviceBus.outputs.id
    topicId: eventGrid.outputs.id
    vaultId: vault.outputs.id
    appId: app.outputs.id
  }
}

module alerts 'modules/alerts.bicep' = if (alertEmail != '') {
  scope: resourceGroup
  params: {
    suffix: suffix
    location: location
    tags: allTags
    email: alertEmail
    insightsId: monitoring.outputs.insightsId
    serviceBusId: serviceBus.outputs.id
  }
}

@description('Region, for azd.')
output AZURE_LOCATION string = location

@description('Group of all resources, for azd and the hook that subscribes.')
output AZURE_RESOURCE_GROUP string = resourceGroup.name

@description('Name of the functions app.')
output AZURE_FUNCTION_NAME string = names.app

@description('Name of the topic that commits are told to.')
output TIDEWAY_TOPIC string = names.topic

@description('Name of the Service Bus namespace.')
output TIDEWAY_SERVICE_BUS string = names.serviceBus

@description('Name of the account that holds undeliverable events.')
output TIDEWAY_HOST_ACCOUNT string = names.host

@description('Whether Event Grid has to go through the queue.')
output TIDEWAY_PRIVATE bool = privateNetwork

@description('Address for agents and the command line.')
output TIDEWAY_API string = app.outputs.api
