// Types that modules share.

@export()
@description('What the share is billed by. The kind of the account follows from it and cannot be changed later: another model means a new share and a migration.')
type billing = 'payAsYouGo' | 'provisionedHdd' | 'provisionedSsd'

@export()
@description('Copies of the share. Provisioned SSD knows LRS and ZRS only.')
type redundancy = 'LRS' | 'ZRS' | 'GRS' | 'GZRS'

@export()
@description('Who signs what agents are handed: a key that the identity asks for (user delegation, in preview for Files and Tables), or the key of the account.')
type signing = 'userDelegation' | 'accountKey'

@export()
@description('A sync group and its share.')
@sealed()
type group = {
  @description('Name of the share, 3 to 63 lower-case letters, digits and hyphens; the group takes the same name.')
  @minLength(3)
  @maxLength(63)
  name: string

  @description('Size of the share in GiB: a limit where billing is payAsYouGo, what is paid for otherwise.')
  @minValue(32)
  @maxValue(262144)
  quotaGiB: int

  @description('Provisioned only: operations a second. SSD 3,000 and more, HDD 500 and more.')
  iops: int?

  @description('Provisioned only: MiB a second.')
  throughputMibps: int?
}

@export()
@description('Instances that are always there, and billed by the hour.')
@sealed()
type alwaysReady = {
  @description('Of the committer.')
  @minValue(0)
  @maxValue(20)
  commit: int

  @description('Of Durable Functions, all of them together: backups begin without a cold start.')
  @minValue(0)
  @maxValue(20)
  durable: int
}

@export()
@description('What the app is told of itself: names, endpoints, identity.')
@sealed()
type connections = {
  clientId: string
  tablesEndpoint: string
  filesEndpoint: string
  serviceBusHost: string
  topicEndpoint: string
  insights: string
}

@export()
@description('One network endpoint of a service inside the virtual network.')
@sealed()
type endpoint = {
  @description('Short name, unique here.')
  name: string

  @description('The resource it leads to.')
  target: string

  @description('Which of its services.')
  groupId: 'blob' | 'queue' | 'table' | 'file' | 'namespace' | 'vault' | 'topic' | 'sites'
}

@export()
@description('Names of the resources, known before anything is there.')
@sealed()
type names = {
  identity: string
  host: string
  tables: string
  shares: string
  serviceBus: string
  topic: string
  vault: string
  app: string
  insights: string
}

@export()
@description('Texts by name.')
type texts = { *: string }
