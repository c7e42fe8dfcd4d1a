/** Lists the suites that were left out because they need a server or a browser, and how to run them. */
export default class LeftOutReporter {
  /** @param {unknown} _contexts @param {import('@jest/reporters').AggregatedResult} results */
  onRunComplete(_contexts, { testResults }) {
    const leftOut = testResults.filter(({ skipped, numPendingTests, numPassingTests, numFailingTests }) => {
      return skipped || (numPendingTests > 0 && numPassingTests + numFailingTests === 0);
    });
    if (leftOut.length === 0) return;
    const names = leftOut.map(({ testFilePath }) => testFilePath.slice(process.cwd().length + 1)).sort();
    console.log(
      `Left out, because they need a server or a browser (set LALAMOVE_TEST_POSTGRES_URL, LALAMOVE_TEST_REDIS_URL ` +
        `and LALAMOVE_TEST_CHROMIUM, or run .ci/run):\n${names.map((name) => `  ${name}`).join('\n')}`,
    );
  }
}
