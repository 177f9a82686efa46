// Logs and metrics, written by identity only.
import * as types from '../types.bicep'

@description('Unique part of names.')
param suffix string

@description('Name of Application Insights.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

@description('GB a day; -1 is no limit.')
param dailyQuotaGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-tideway-${suffix}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    workspaceCapping: { dailyQuotaGb: dailyQuotaGb }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

@description('Resource id of Application Insights.')
output insightsId string = insights.id

@description('Where telemetry goes. No secret: writing needs a role.')
output connectionString string = insights.properties.ConnectionString
