// The namespace that the contract suite of Service Bus may be pointed at (docs/emulators.md). Its rules are set by each run.
targetScope = 'resourceGroup'

@description('Name of the namespace. The suite empties every entity that it has.')
@minLength(6)
@maxLength(50)
param name string

@description('Region.')
param location string = resourceGroup().location

var topology = loadJsonContent('../test/contract/service-bus/topology.json').serviceBus
var subscriptions = flatten(map(
  topology.topics,
  topic => map(topic.subscriptions, each => { topic: topic.name, entity: each })
))

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  sku: { name: 'Standard', tier: 'Standard' }
  properties: { minimumTlsVersion: '1.2' }
}

// One after the other: a queue that forwards stands behind the one it forwards to.
@batchSize(1)
resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for each in topology.queues: {
    parent: namespace
    name: each.name
    properties: toObject(filter(items(each), part => part.key != 'name'), part => part.key, part => part.value)
  }
]

resource topic 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' = [
  for each in topology.topics: {
    parent: namespace
    name: each.name
    properties: toObject(
      filter(items(each), part => !contains(['name', 'subscriptions'], part.key)),
      part => part.key,
      part => part.value
    )
  }
]

resource subscription 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' = [
  for each in subscriptions: {
    #disable-next-line use-parent-property // the parent is one of a loop
    name: '${namespace.name}/${each.topic}/${each.entity.name}'
    properties: toObject(
      filter(items(each.entity), part => !contains(['name', 'rules'], part.key)),
      part => part.key,
      part => part.value
    )
    dependsOn: [topic]
  }
]
