/** Entity tags and preconditions (RFC 9110 sections 8.8.3 and 13.1). Ours are versions, not hashes of bytes, so a proxy's `W/` does not matter. */
import { Problem } from "@holdfast/kit";
import { preconditionRequired } from "./request.ts";

const tagCharacters = /^[\x21\x23-\x7e]+$/;

/** The header value of a body's `etag`; undefined when the body has none. */
export function etagHeader(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("etag" in body)) return undefined;
  return typeof body.etag === "string" && tagCharacters.test(body.etag) ? `"${body.etag}"` : undefined;
}

/** True when the caller has this version already (If-None-Match). */
export function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((tag) => bare(tag) === bare(etag));
}

/** More than any tag of ours has. */
const longest = 255;

/** The one tag in If-Match, without quotes. @throws Problem 428 when it is missing, 400 when it does not name exactly one version. */
export function readIfMatch(header: string | undefined): string {
  if (header === undefined) throw preconditionRequired();
  const tag = bare(header);
  if (tag === "*" || header.length > longest || !tagCharacters.test(tag)) {
    throw new Problem("if_match_invalid", {
      kind: "invalid",
      say: "If-Match must hold the one `etag` that you have read, in double quotes; `*` would overwrite what others did.",
    });
  }
  return tag;
}

function bare(tag: string): string {
  const text = tag.trim().replace(/^W\//, "");
  return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
}
