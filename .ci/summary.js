// node summary.js FAILED-STEPS REPORT…   Adds up reports of vitest and prints "N passed, N failed, N skipped"; status 1 on any failure.
import { existsSync, readFileSync } from "node:fs";

const [failedSteps, ...files] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };

for (const file of files.filter((file) => existsSync(file))) {
  const report = JSON.parse(readFileSync(file, "utf8"));
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests + report.testResults.filter(isBroken).length;
  total.skipped += report.numPendingTests + report.numTodoTests;
}
// A step that failed without a failed test: a type error, a lock file that does not fit, a crash.
if (total.failed === 0) total.failed = Number(failedSteps);

process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** A file that failed outside of its tests, such as by an import. */
function isBroken({ status, assertionResults }) {
  return status === "failed" && !assertionResults.some((result) => result.status === "failed");
}
