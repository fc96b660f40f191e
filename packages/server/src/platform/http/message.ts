/**
 * Refuses messages that two readers would understand in two ways: a proxy in front of us must see the same host, the same caller and the same
 * end of a request as we do. Node's parser refuses most of them; these it lets through. RFC 9112, sections 3.2, 6.1 and 11.2.
 */
import type { IncomingMessage } from "node:http";
import { Problem } from "@holdfast/kit";
import type { FastifyInstance } from "fastify";

/** Of these Node keeps the first and drops the others in silence; others may keep the last. */
const single = new Set(["host", "authorization", "content-type", "origin", "sec-fetch-site", "user-agent"]);
/** RFC 9110, section 7.2, with the underscores of names within a container network. */
const hostShape = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Looked at before anything else of a request; the connection ends with the refusal. */
export function refuseStrangeMessages(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ raw }, reply) => {
    const why = strangenessOf(raw);
    // We speak nothing else; but Node reads nothing more on such a connection, and would keep it.
    if (raw.headers.upgrade !== undefined) reply.header("connection", "close");
    if (why === undefined) return refusePacked(raw);
    reply.header("connection", "close");
    throw new Problem("message_ambiguous", { kind: "invalid", say: `${why}; others could understand this request otherwise than we do.` });
  });
}

/** Nothing is unpacked: a few bytes would become as many as they like. */
function refusePacked({ headers: { "content-encoding": coding } }: IncomingMessage): void {
  if (coding === undefined || coding === "identity") return;
  throw new Problem("content_encoding_unsupported", { kind: "invalid", status: 415, say: "Send the body as it is, not compressed." });
}

function strangenessOf({ httpVersion, rawHeaders, headers, url = "" }: IncomingMessage): string | undefined {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return "It is not HTTP/1.1";
  const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  const twice = names.find((name, at) => single.has(name) && names.indexOf(name) !== at);
  if (twice !== undefined) return `The header ${twice} is there twice`;
  if (headers.host !== undefined && !hostShape.test(headers.host)) return "The header host is neither a name nor an address";
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && httpVersion === "1.0") return "HTTP/1.0 knows no transfer-encoding";
  if (coding !== undefined && coding.toLowerCase() !== "chunked") return "The transfer-encoding is another than chunked";
  return url.includes("#") ? "The address has a #" : undefined;
}
