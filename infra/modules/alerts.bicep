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

// The host writes a request for every invocation. The metrics are to be written by `tick` for every server, silent ones too:
// a row that is missing could alert nobody.
var rules = [
  {
    name: 'backend-silent'
    text: 'The timer of the backend has not run for 15 minutes.'
    query: 'requests | where name == "tick" and success == true | summarize runs = count() | where runs == 0'
  }
  {
    name: 'commits-fail'
    text: 'Changes of a site could not be committed.'
    query: 'requests | where name == "commit" and success == false'
  }
  {
    name: 'not-in-sync'
    text: 'A server has had changes pending for an hour.'
    query: 'customMetrics | where name == "tideway.pendingSeconds" | extend server = tostring(customDimensions.server) | summarize worst = max(valueMax) by server | where worst > 3600'
  }
  {
    name: 'server-silent'
    text: 'A server has not been heard of for 15 minutes.'
    query: 'customMetrics | where name == "tideway.lastSeenSeconds" | extend server = tostring(customDimensions.server) | summarize worst = max(valueMax) by server | where worst > 900'
  }
  {
    name: 'snapshot-missed'
    text: 'A snapshot is an hour late.'
    query: 'customMetrics | where name == "tideway.snapshotLateSeconds" | extend group = tostring(customDimensions.group) | summarize worst = max(valueMax) by group | where worst > 3600'
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
