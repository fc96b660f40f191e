/** Headers that every answer carries (OWASP Secure Headers; ASVS 5.0 chapter 3). No page may be framed, no answer cached, no type guessed. */
import type { FastifyInstance } from "fastify";

const always: Record<string, string> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // The address of a page may hold a one-time sign-in link.
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "x-dns-prefetch-control": "off",
};

/** For answers that are no page: they may load and do nothing. */
const nothingAllowed = "default-src 'none'; frame-ancestors 'none'";

/** Of an answer that no hook is asked about. */
export const headersOfRefusals: Record<string, string> = {
  ...always,
  "content-security-policy": nothingAllowed,
  "cache-control": "no-store",
};

/** Adds the headers to all answers; a route that set one itself keeps its own. `https`: the caller came, or should come, by TLS. */
export function addSecurityHeaders(app: FastifyInstance, { https }: { https: boolean }): void {
  app.addHook("onSend", async (request, reply) => {
    reply.headers(always);
    if (!reply.hasHeader("content-security-policy")) reply.header("content-security-policy", nothingAllowed);
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
    if (https || request.protocol === "https") reply.header("strict-transport-security", "max-age=31536000; includeSubDomains");
  });
}

/** The policy of the console's page: only our own files, and of inline styles and scripts only those with this answer's nonce. */
export function consolePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** The policy of the API explorer's page, whose bundle adds styles of its own; it may call nothing but this server. */
export function explorerPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
