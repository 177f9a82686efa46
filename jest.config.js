// Tests are compiled to CommonJS inside jest: ESM in jest needs a flag that doubles the run time.
// The proxy agents below are ESM-only packages that the Azure clients pull in, so they are compiled too.
const esmOnly = ['https-proxy-agent', 'http-proxy-agent', 'agent-base', 'proxy-agent-negotiate'];

// With TIDEWAY_NO_SKIPS=1 a skipped test fails the run: where everything is there, nothing may be left out.
const noSkips = process.env['TIDEWAY_NO_SKIPS'] === '1' ? ['<rootDir>/test/support/no-skips.js'] : [];

export default {
  testEnvironment: 'node',
  maxWorkers: 2,
  // A machine that is busy with other things may stand still for many seconds; what hangs is found all the same.
  testTimeout: 30_000,
  reporters: ['default', ...noSkips],
  globalSetup: '<rootDir>/test/support/one-folder.js',
  testSequencer: '<rootDir>/test/support/longest-first.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.[jt]s$': [
      '@swc/jest',
      {
        module: { type: 'commonjs' },
        jsc: { target: 'es2024', parser: { syntax: 'typescript', explicitResourceManagement: true } },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
};
