import { defineConfig } from "vitest/config";

/** CI counts the tests of several runs: each writes its report to the file of this variable. */
const report = process.env["GW_TEST_REPORT"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/long/**", "node_modules/**"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    // Two cores: more workers only make the tests that start processes wait for each other.
    maxWorkers: 2,
  },
});
