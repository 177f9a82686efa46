// Queues, topic and slots of topology.json, which the embedded Service Bus reads too.
import * as types from '../types.bicep'

@description('Name of the namespace.')
@minLength(6)
@maxLength(50)
param name string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

@description('Closed to the public network, which takes the tier Premium.')
param isPrivate bool

var topology = loadJsonContent('../topology.json').serviceBus
var slots = flatten(map(
  topology.topics,
  topic =>
    map(range(0, topic.slots.count), index => {
      topic: topic.name
      name: '${topic.slots.prefix}${padLeft(index, 3, '0')}'
      lockDuration: topic.slots.lockDuration
      maxDeliveryCount: topic.slots.maxDeliveryCount
      life: topic.defaultMessageTimeToLive
    })
))

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: isPrivate ? { name: 'Premium', tier: 'Premium', capacity: 1 } : { name: 'Standard', tier: 'Standard' }
  properties: {
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    // Agents carry signatures made with the two rules below; no other key exists that we use.
    disableLocalAuth: false
  }
}

// Event Grid delivers by identity from outside the network.
resource network 'Microsoft.ServiceBus/namespaces/networkRuleSets@2024-01-01' = if (isPrivate) {
  parent: namespace
  name: 'default'
  properties: { publicNetworkAccess: 'Disabled', defaultAction: 'Deny', trustedServiceAccessEnabled: true }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for each in topology.queues: {
    parent: namespace
    name: each.name
    properties: {
      requiresSession: each.requiresSession
      lockDuration: each.lockDuration
      maxDeliveryCount: each.maxDeliveryCount
      defaultMessageTimeToLive: each.defaultMessageTimeToLive
      deadLetteringOnMessageExpiration: true
    }
  }
]

resource topic 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' = [
  for each in topology.topics: {
    parent: namespace
    name: each.name
    properties: { defaultMessageTimeToLive: each.defaultMessageTimeToLive }
  }
]

@batchSize(10)
resource slot 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' = [
  for each in slots: {
    #disable-next-line use-parent-property // the parent is one of a loop
    name: '${namespace.name}/${each.topic}/${each.name}'
    properties: {
      lockDuration: each.lockDuration
      maxDeliveryCount: each.maxDeliveryCount
      defaultMessageTimeToLive: each.life
    }
    dependsOn: [topic]
  }
]

// A new subscription is born with a rule of this name that takes everything: a rule beside it would filter nothing.
@batchSize(10)
resource rule 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2024-01-01' = [
  for (each, index) in slots: {
    parent: slot[index]
    name: '$Default'
    properties: { filterType: 'CorrelationFilter', correlationFilter: { to: each.name } }
  }
]

// The two keys that nothing replaces: an agent's signature is narrowed to one entity below its rule.
resource send 'Microsoft.ServiceBus/namespaces/queues/authorizationRules@2024-01-01' = {
  #disable-next-line use-parent-property // the parent is one of a loop
  name: '${namespace.name}/changes/agent-send'
  properties: { rights: ['Send'] }
  dependsOn: [queue]
}

resource listen 'Microsoft.ServiceBus/namespaces/topics/authorizationRules@2024-01-01' = {
  #disable-next-line use-parent-property // the parent is one of a loop
  name: '${namespace.name}/sites/agent-listen'
  properties: { rights: ['Listen'] }
  dependsOn: [topic]
}

@description('Resource id.')
output id string = namespace.id

@description('Host name.')
output host string = split(split(namespace.properties.serviceBusEndpoint, '//')[1], ':')[0]
