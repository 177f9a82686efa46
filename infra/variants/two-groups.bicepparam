// Two groups on HDD, in another region; the longest name an environment may have.
using '../main.bicep'

param environmentName = 'an-environment-with-a-name-of-32'
param location = 'northeurope'
param billing = 'provisionedHdd'
param groups = [
  { name: 'projects', quotaGiB: 2048 }
  { name: 'archive', quotaGiB: 10240, iops: 2000 }
]
param alertEmail = 'operators@example.com'
param nodeVersion = '22'
param tuning = { TIDEWAY_ENUMERATE_SECONDS: '604800' }
param tags = { costCentre: '4711' }
param tokenHash = '0000000000000000000000000000000000000000000000000000000000000000'
