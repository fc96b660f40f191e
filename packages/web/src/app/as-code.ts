/** The same act outside the console: as an API call and as a command line. Secrets in the input are hidden. Pure. */
import { redact } from "@holdfast/kit";
import { commands, type Words } from "./command-lines.ts";
import { routeOf, type RouteInput, type RouteName } from "./api.ts";

/** A `curl` line for a call. `origin` e.g. `https://holdfast.example`. */
export function apiLine(name: RouteName, input: unknown, parts: { origin: string; ifMatch?: string | undefined }): string {
  const { method, path, meta } = routeOf(name);
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

/** One word for a POSIX shell; quoted only where it must be. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A `holdfast` command line for a call; undefined where the command line has none of its own. */
export function commandLine<R extends RouteName>(name: R, input: RouteInput<R>): string | undefined {
  const command = commands[name] as ((input: RouteInput<R>) => Words | undefined) | undefined;
  if (command === undefined) return undefined;
  const words = command(input)?.filter((word) => word !== undefined && word !== false);
  if (words === undefined) return undefined;
  return ["holdfast", ...words].map((word) => quote(String(word))).join(" ");
}

export interface Lines {
  api: string;
  command: string | undefined;
}

/** Both, for this server. */
export function linesOf<R extends RouteName>(name: R, input: RouteInput<R>, ifMatch?: string): Lines {
  return { api: apiLine(name, input, { origin: location.origin, ifMatch }), command: commandLine(name, input) };
}
