import { defineConfig } from "vitest/config";
import { keepTemporaryFilesInMemory } from "./packages/server/test/temporary-directory.ts";

keepTemporaryFilesInMemory();

const server = "packages/server";

export default defineConfig({
  test: {
    // Clocks and peers are real: more at a time than cores, and they are late.
    maxWorkers: 2,
    // Files of one worker share what they import; each has its own database, home and ports.
    isolate: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/{kit,contract,cli,web}/src/**/*.test.ts"],
          environment: "node",
        },
      },
      {
        test: {
          name: "server",
          include: [`${server}/src/**/*.test.ts`, `${server}/test/**/*.test.ts`],
          globalSetup: [`${server}/test/global-setup.ts`],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "lab",
          include: ["lab/**/*.test.ts"],
          globalSetup: [`${server}/test/global-setup.ts`],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
