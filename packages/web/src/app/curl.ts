/** A call of the API as a `curl` line. Secrets in the input are hidden. Pure. */
import { redact } from "@holdfast/kit";
import type { RouteFacts } from "./api.ts";
import { quote } from "./quote.ts";

/** `origin` e.g. `https://holdfast.example`; the key comes from `$HOLDFAST_API_KEY`. */
export function curlLine(
  { method, path, meta }: RouteFacts,
  input: unknown,
  parts: { origin: string; ifMatch?: string | undefined },
): string {
  const rest: Record<string, unknown> = { ...(redact(input ?? {}) as Record<string, unknown>) };
  const filled = path.replace(/\{(\w+)\}/g, (_, key: string) => {
    const value = rest[key];
    delete rest[key];
    return encodeURIComponent(String(value));
  });
  const given = Object.entries(rest).filter(([, value]) => value !== undefined && value !== "");
  const query =
    method === "GET" && given.length > 0 ? `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()}` : "";
  const words = ["curl", ...(method === "GET" ? [] : ["-X", method]), quote(`${parts.origin}/api/v1${filled}${query}`)];
  const headers = ['-H "Authorization: Bearer $HOLDFAST_API_KEY"'];
  if (meta.precondition === "if-match") headers.push(`-H ${quote(`If-Match: "${parts.ifMatch ?? "<etag>"}"`)}`);
  if (method !== "GET" && method !== "DELETE") {
    headers.push("-H 'Content-Type: application/json'");
    headers.push(`-d ${quote(JSON.stringify(Object.fromEntries(given)))}`);
  }
  return [words.join(" "), ...headers].join(" \\\n  ");
}
