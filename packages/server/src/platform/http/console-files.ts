/** The console: the files that Vite built, every other address that a browser asks for being the one page; a word on how to build it when they are not there. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { consolePolicy } from "./security-headers.ts";

/** Vite writes this where a nonce belongs (`html.cspNonce` in vite.config.ts); each answer gets its own. */
const noncePlace = "__CSP_NONCE__";

/** Answers the console's page for an address. */
export type ConsolePage = (request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Serves the built files below `directory`. Files named after their content are kept for a year by browsers, the page never. */
export async function serveConsole(app: FastifyInstance, directory: string): Promise<ConsolePage> {
  const root = join(directory, "assets");
  await app.register(fastifyStatic, { root, prefix: "/assets/", index: false, immutable: true, maxAge: "365d", decorateReply: false });
  const page: ConsolePage = (_request, reply) => {
    const nonce = randomBytes(18).toString("base64");
    return reply
      .type("text/html; charset=utf-8")
      .header("content-security-policy", consolePolicy(nonce))
      .send(pageText(directory).replaceAll(noncePlace, nonce));
  };
  app.get("/", page);
  await serveRootFiles(app, directory);
  return page;
}

async function serveRootFiles(app: FastifyInstance, directory: string): Promise<void> {
  for (const [name, type] of Object.entries({
    "favicon.svg": "image/svg+xml",
    "favicon.ico": "image/x-icon",
    "robots.txt": "text/plain",
  })) {
    const file = join(directory, name);
    if (existsSync(file))
      app.get(`/${name}`, (_request, reply) => reply.type(type).header("cache-control", "max-age=86400").send(readFileSync(file)));
  }
}

/** Read anew each time: a build while the server runs is served at once, and the file is small. */
function pageText(directory: string): string {
  const file = join(directory, "index.html");
  return existsSync(file) ? readFileSync(file, "utf8") : unbuiltPage;
}

const unbuiltPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Holdfast</title>
  </head>
  <body>
    <h1>The console is not built</h1>
    <p>The server runs, but the console's files are not there. Build them with:</p>
    <pre>npm run build:web</pre>
    <p>and load this page again. The API is at <a href="/api/v1/docs">/api/v1/docs</a>.</p>
  </body>
</html>
`;
