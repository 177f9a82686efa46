// Shares of provisioned SSD, signed for by the account's key.
using '../main.bicep'

param environmentName = 'provisioned'
param location = 'westeurope'
param billing = 'provisionedSsd'
param redundancy = 'ZRS'
param groups = [{ name: 'projects', quotaGiB: 1024, iops: 5000, throughputMibps: 200 }]
param filesSigning = 'accountKey'
param alertEmail = 'operators@example.com'
param zoneRedundant = true
param alwaysReady = { commit: 1, durable: 1 }
param tokenHash = '0000000000000000000000000000000000000000000000000000000000000000'
