/** The tiny pure vocabulary that every process uses. No dependencies, no I/O. */
export * from "./problem.ts";
export * from "./ids.ts";
export * from "./time.ts";
export * from "./retry.ts";
export * from "./redact.ts";
export * from "./selector.ts";
export * from "./grant.ts";
export * from "./merge-patch.ts";
export * from "./trail.ts";
export * from "./trail-verify.ts";
