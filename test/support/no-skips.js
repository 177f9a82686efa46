/** A jest reporter: the run fails when a test in it was skipped or only planned. */
export default class NoSkips {
  #skipped = [];

  onTestResult(_test, { testFilePath, testResults }) {
    for (const { status, fullName } of testResults)
      if (status !== 'passed' && status !== 'failed') this.#skipped.push(`  ${fullName} (${testFilePath}): ${status}`);
  }

  onRunComplete() {
    if (this.#skipped.length > 0)
      process.stderr.write(`Skipped, although TIDEWAY_NO_SKIPS is set:\n${this.#skipped.join('\n')}\n`);
  }

  getLastError() {
    return this.#skipped.length > 0 ? new Error('tests were skipped') : undefined;
  }
}
