import { defineConfig } from "vitest/config";

/** `npm run check:long`: what takes minutes. */
export default defineConfig({ test: { include: ["test/long/**/*.test.ts"], testTimeout: 300_000, maxWorkers: 1 } });
