/** Programs that tests start again and again are compiled once (Node's module.enableCompileCache). */
import { fileURLToPath } from "node:url";

/** For the environment of a process of ours. */
export const compileCache = { NODE_COMPILE_CACHE: fileURLToPath(new URL("../../../node_modules/.cache/compile/", import.meta.url)) };
