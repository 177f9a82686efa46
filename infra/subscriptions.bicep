// Event Grid's subscriptions, applied after the code is there: Event Grid asks a function whether it wants the events when
// the subscription is made, and one without code cannot answer. azure.yaml calls this after every deployment.

@description('The topic.')
param topicName string

@description('The functions app.')
param functionName string

@description('Service Bus, whose queue takes the events in private mode.')
param serviceBusName string

@description('Account with the container for events that could not be delivered.')
param hostAccount string

@description('Event Grid may not call the app: events go through the queue.')
param isPrivate bool

var topology = loadJsonContent('topology.json')

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = { name: topicName }

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionName

  resource function 'functions' existing = [for each in topology.eventGrid.subscriptions: { name: each.function }]
}

resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusName

  resource events 'queues' existing = { name: topology.eventGrid.queue }
}

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = { name: hostAccount }

resource subscription 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = [
  for (each, index) in topology.eventGrid.subscriptions: {
    parent: topic
    name: each.name
    properties: {
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      filter: { includedEventTypes: each.includedEventTypes }
      retryPolicy: { eventTimeToLiveInMinutes: 1440, maxDeliveryAttempts: 30 }
      destination: isPrivate
        ? null
        : {
            endpointType: 'AzureFunction'
            properties: { resourceId: app::function[index].id, maxEventsPerBatch: 1 }
          }
      deliveryWithResourceIdentity: isPrivate
        ? {
            identity: { type: 'SystemAssigned' }
            destination: { endpointType: 'ServiceBusQueue', properties: { resourceId: bus::events.id } }
          }
        : null
      deadLetterWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        deadLetterDestination: {
          endpointType: 'StorageBlob'
          properties: { resourceId: account.id, blobContainerName: 'dead-letters' }
        }
      }
    }
  }
]
