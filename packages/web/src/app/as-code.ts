/** The same act outside the console: as an API call and as a command line. Secrets in the input are hidden. Pure. */
import { redact } from "@holdfast/kit";
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

type Lines = { [R in RouteName]?: (input: RouteInput<R>) => (string | undefined | false)[] };

const reason = (input: { reason?: string | undefined } | undefined): string[] =>
  input?.reason === undefined || input.reason === "" ? [] : ["--reason", input.reason];
const rolloutVerb =
  (verb: string) =>
  (input: RouteInput<"rollouts.abort">): string[] => ["rollouts", verb, input.id, ...reason(input)];

const commands: Lines = {
  "rollouts.start": rolloutVerb("start"),
  "rollouts.approve": rolloutVerb("approve"),
  "rollouts.pause": rolloutVerb("pause"),
  "rollouts.resume": rolloutVerb("resume"),
  "rollouts.abort": rolloutVerb("abort"),
  "rollouts.retry": rolloutVerb("retry"),
  "rollouts.rollback": rolloutVerb("rollback"),
  "plans.create": (input) => [
    "plan",
    input.repository,
    ...(input.revision ? ["--revision", input.revision] : []),
    ...(input.selector ? ["--selector", input.selector] : []),
  ],
  "devices.checkDrift": (input) => ["drift", "check", ...(input.selector ? ["--selector", input.selector] : [])],
  "devices.revertDrift": (input) => ["drift", "revert", input.id],
  "audit.verify": () => ["audit", "verify"],
};

/** A `holdfast` command line for a call; undefined where the command line has none of its own. */
export function commandLine<R extends RouteName>(name: R, input: RouteInput<R>): string | undefined {
  const command = commands[name];
  if (command === undefined) return undefined;
  const parts = (command as (input: RouteInput<R>) => (string | undefined | false)[])(input);
  return ["holdfast", ...parts.filter((part): part is string => typeof part === "string")].map((word) => quote(word)).join(" ");
}
