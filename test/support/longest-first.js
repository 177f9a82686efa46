// Which test files begin first. Jest knows how long each took only where it ran before, and goes by size elsewhere: then
// the longest of all, a short file, begins last, and one worker waits for the other.
const longest = [
  'model/simulate',
  'cloud/zombie',
  'cloud/random',
  'cloud/killed',
  'core/plan.property',
  'core/plan.scale',
  'agent/identity',
  'agent/power',
  'local/hub/child',
  'contract/service-bus',
  'contract/functions-host',
  'e2e/bad-days',
  'e2e/errors',
  'e2e/life',
  'e2e/halts',
  'e2e/converge',
];

const rankOf = ({ path }) => {
  const at = longest.findIndex((name) => path.includes(`/test/${name}`));
  return at < 0 ? longest.length : at;
};

export default class LongestFirst {
  sort(tests) {
    return [...tests].sort((a, b) => rankOf(a) - rankOf(b) || (a.path < b.path ? -1 : 1));
  }

  shard(tests, { shardIndex, shardCount }) {
    return this.sort(tests).filter((_, index) => index % shardCount === shardIndex - 1);
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
