/** The exchange of credentials on simulated devices, its controller dying at every point at which it asks or writes something. */
import { afterAll, vi } from "vitest";

vi.stubEnv("CRASH_MATRIX", "all");
afterAll(() => void vi.unstubAllEnvs());
await import("../packages/server/test/journeys/credentials.test.ts");
