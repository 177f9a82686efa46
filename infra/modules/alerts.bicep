// Who is told, and of what: sites that are not in sync, servers that fell silent, snapshots that were missed, messages
// that nobody could take.
import * as types from '../types.bicep'

@description('Unique part of names.')
param suffix string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

@description('Who is told.')
param email string

@description('Application Insights.')
param insightsId string

@description('Service Bus.')
param serviceBusId string

// The backend tells how well it, each endpoint and each group are (lib/cloud/health): lines of JSON of the function `tick`, which
// the host writes to `traces`. A failed invocation is a request of its own; that one succeeded, host.json does not let through.
func told(event string) string =>
  'traces | where message has "${event}" | extend vital = parse_json(message) | where tostring(vital.event) == "${event}"'

var rules = [
  {
    name: 'backend-silent'
    text: 'The timer of the backend has not run for 15 minutes.'
    query: '${told('tideway.timer')} | summarize runs = count() | where runs == 0'
  }
  {
    name: 'commits-fail'
    text: 'Changes of a site could not be committed.'
    query: 'requests | where name == "commit" and success == false'
  }
  {
    name: 'not-in-sync'
    text: 'A server has had changes pending for an hour.'
    query: '${told('tideway.endpoint')} | summarize worst = max(todouble(vital.pendingSeconds)) by tostring(vital.group), tostring(vital.server) | where worst > 3600'
  }
  {
    name: 'server-silent'
    text: 'A server has not been heard of for 15 minutes.'
    query: '${told('tideway.endpoint')} | summarize worst = max(todouble(vital.lastSeenSeconds)) by tostring(vital.group), tostring(vital.server) | where worst > 900'
  }
  {
    name: 'snapshot-missed'
    text: 'A snapshot is an hour late.'
    query: '${told('tideway.group')} | summarize worst = max(todouble(vital.snapshotLateSeconds)) by tostring(vital.group) | where worst > 3600'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-tideway-${suffix}'
  #disable-next-line no-hardcoded-location // action groups are of no region
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'tideway'
    enabled: true
    emailReceivers: [{ name: 'operators', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource rule 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for each in rules: {
    name: 'alert-tideway-${each.name}-${suffix}'
    location: location
    tags: tags
    properties: {
      displayName: each.text
      severity: 2
      enabled: true
      scopes: [insightsId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      // At the first deployment the tables of a new workspace do not exist yet.
      skipQueryValidation: true
      autoMitigate: true
      criteria: {
        allOf: [{ query: each.query, timeAggregation: 'Count', operator: 'GreaterThan', threshold: 0 }]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'alert-tideway-dead-letters-${suffix}'
  #disable-next-line no-hardcoded-location // metric alerts are of no region
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages that could not be taken lie in a dead-letter queue.'
    severity: 1
    enabled: true
    scopes: [serviceBusId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'dead letters'
          metricName: 'DeadletteredMessages'
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: 0
          // Hints to a server that is switched off expire and are dropped; they are no loss.
          dimensions: [{ name: 'EntityName', operator: 'Include', values: ['changes', 'events'] }]
        }
      ]
    }
    actions: [{ actionGroupId: people.id }]
  }
}
