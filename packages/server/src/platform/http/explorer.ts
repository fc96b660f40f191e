/** The API explorer at /api/v1/docs: Scalar's bundle from our own disk; nothing is asked of any other server. */
import { randomBytes } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { apiPrefix } from "./api.ts";
import { explorerPolicy } from "./security-headers.ts";

/** Adds the explorer. Its bundle (4 MB) is loaded when the first person asks for the page. */
export async function serveExplorer(app: FastifyInstance): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook("onSend", async (_request, reply, page) => {
      if (typeof page !== "string" || !String(reply.getHeader("content-type")).startsWith("text/html")) return page;
      const nonce = randomBytes(18).toString("base64");
      reply.header("content-security-policy", explorerPolicy(nonce));
      return page.replaceAll("<script", `<script nonce="${nonce}"`);
    });
    const { default: scalar } = await import("@scalar/fastify-api-reference");
    await scope.register(scalar, {
      routePrefix: `${apiPrefix}/docs`,
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
  });
}
