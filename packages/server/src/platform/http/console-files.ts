/** The console: the files that Vite built, every other address that a browser asks for being the one page; a word on how to build it when they are not there. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { consolePolicy } from "./security-headers.ts";

/** Vite writes this where a nonce belongs (`html.cspNonce` in vite.config.ts); each answer gets its own. */
const noncePlace = "__CSP_NONCE__";

/** Answers the console's page for an address. */
export type ConsolePage = (request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Serves the built files in `directory`. Those named after their content are kept for a year by browsers, the others asked for again. */
export async function serveConsole(app: FastifyInstance, directory: string): Promise<ConsolePage> {
  await app.register(fastifyStatic, {
    root: directory,
    index: false,
    dotfiles: "ignore",
    cacheControl: false,
    decorateReply: false,
    // Only the page itself knows its nonce.
    allowedPath: (path) => path !== "/index.html",
    setHeaders: (reply, file) => {
      const named = file.startsWith(join(directory, "assets") + sep);
      void reply.header("cache-control", named ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  const page: ConsolePage = (_request, reply) => {
    const nonce = randomBytes(18).toString("base64");
    return reply
      .type("text/html; charset=utf-8")
      .header("content-security-policy", consolePolicy(nonce))
      .send(pageText(directory).replaceAll(noncePlace, nonce));
  };
  app.get("/", page);
  return page;
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
