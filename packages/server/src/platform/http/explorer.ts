/** The API explorer at /api/v1/docs: Scalar's bundle from our own disk; nothing is asked of any other server. */
import { randomBytes } from "node:crypto";
import { fastify, type FastifyInstance } from "fastify";
import { apiPrefix } from "./api.ts";
import { explorerPolicy } from "./security-headers.ts";

const place = `${apiPrefix}/docs`;

/** Adds the explorer. Its bundle (4 MB of text, 40 MB of memory) is loaded when the first person asks for it. */
export function serveExplorer(app: FastifyInstance): void {
  let scalar: Promise<FastifyInstance> | undefined;
  app.get(place, (_request, reply) => reply.redirect(`${place}/`));
  app.get<{ Params: { "*": string } }>(`${place}/*`, async (request, reply) => {
    scalar ??= loadScalar();
    const answer = await (await scalar).inject({ url: `${place}/${request.params["*"]}` });
    if (answer.statusCode !== 200) return reply.callNotFound();
    const type = String(answer.headers["content-type"]);
    if (!type.startsWith("text/html")) return reply.type(type).header("cache-control", "public, max-age=86400").send(answer.payload);
    const nonce = randomBytes(18).toString("base64");
    return reply
      .type(type)
      .header("content-security-policy", explorerPolicy(nonce))
      .send(answer.payload.replaceAll("<script", `<script nonce="${nonce}"`));
  });
}

/** Scalar comes as a Fastify plugin that would hold its bundle from the start; so it gets a server of its own that never listens. */
async function loadScalar(): Promise<FastifyInstance> {
  const { default: scalar } = await import("@scalar/fastify-api-reference");
  const app = fastify();
  await app.register(scalar, {
    routePrefix: place,
    configuration: {
      url: `${apiPrefix}/openapi.json`,
      pageTitle: "Holdfast API",
      favicon: "/favicon.svg",
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: "never",
      agent: { disabled: true },
      mcp: { disabled: true },
      persistAuth: false,
    },
  });
  return app;
}
