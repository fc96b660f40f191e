import react from "@vitejs/plugin-react";
import * as wire from "@holdfast/contract";
import { defineConfig, type Plugin } from "vite";

const contractSource = `${import.meta.dirname}/../contract/src`;

/**
 * `virtual:contract`: the client, the contract without its schemas (method, path, permission of each route) and its lists
 * of words. The schemas and the library behind them stay out of the first load; only pages with forms bring them in.
 */
function slimContract(): Plugin {
  const name = "virtual:contract";
  const resolved = `\0${name}`;
  return {
    name: "holdfast-slim-contract",
    enforce: "pre",
    resolveId(source, importer) {
      const ofClient = source === "./contract.ts" && importer?.endsWith("/contract/src/client.ts") === true;
      return source === name || ofClient ? resolved : undefined;
    },
    load(id) {
      if (id !== resolved) return undefined;
      const words = Object.entries(wire).filter(([, value]) => Array.isArray(value));
      return [
        `export { createClient, requestIdOf } from "${contractSource}/client.ts";`,
        `export { follow } from "${contractSource}/follow.ts";`,
        `export { auditActionOf } from "${contractSource}/audit-catalogue.ts";`,
        `export const contract = ${JSON.stringify(slim(wire.contract))};`,
        ...words.map(([key, value]) => `export const ${key} = ${JSON.stringify(value)};`),
      ].join("\n");
    },
  };
}

function slim(router: unknown): unknown {
  if (typeof router !== "object" || router === null) return router;
  if ("~orpc" in router) {
    const { route, meta } = router["~orpc"] as { route: { summary?: string; tags?: string[] }; meta: unknown };
    // What documents say of a route is not for the first load.
    const { summary: _summary, tags: _tags, ...needed } = route;
    return { "~orpc": { errorMap: {}, route: needed, meta } };
  }
  return Object.fromEntries(Object.entries(router).map(([key, value]) => [key, slim(value)]));
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [slimContract(), react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    // Nothing is inlined as a data: address, so that the content security policy can stay narrow.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { "/api": "http://127.0.0.1:7450" } },
});
