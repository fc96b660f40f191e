/** A typed client of the API, for the console and the CLI. Whatever fails comes out as a `Problem`. */
import { isProblem, Problem, problemEdges, problemKinds, type ProblemDocument, type ProblemKind, type Secret } from "@holdfast/kit";
import { createORPCClient } from "@orpc/client";
import type { ContractRouterClient } from "@orpc/contract";
import { OpenAPILink } from "@orpc/openapi-client/fetch";
import { contract, type Contract } from "./contract.ts";

/** What a call may carry besides its input: `client.devices.update(input, { context: { ifMatch: device.etag } })`. */
export interface CallContext {
  /** The `etag` that was read; the call is refused (412) when it moved. */
  ifMatch?: string;
  /** 255 characters at most; a retry with the same key does nothing twice. */
  idempotencyKey?: string;
  /** Sent with this call only. */
  headers?: Record<string, string>;
}

export interface ClientOptions {
  /** Where Holdfast is, e.g. `https://holdfast.example`; in a browser `location.origin`. */
  url: string;
  /** Sent as `Authorization: Bearer …`. Without it, a browser's session cookie counts. */
  apiKey?: Secret;
  headers?: Record<string, string>;
  fetch?: typeof globalThis.fetch;
  /** A stream that says nothing for so long is dead (the server sends a comment every 15 s). */
  silenceMs?: number;
}

export type Client = ContractRouterClient<Contract, CallContext>;

/** Makes a client. Nothing is sent before the first call. */
export function createClient(options: ClientOptions): Client {
  const link = new OpenAPILink<CallContext>(contract, {
    url: new URL("/api/v1", options.url),
    headers: ({ context }) => headersOf(options, context),
    fetch: (request, init) => send(options, request, init),
  });
  return createORPCClient(link);
}

function headersOf(options: ClientOptions, context: CallContext): Record<string, string> {
  const headers: Record<string, string> = { ...options.headers, ...context.headers };
  if (options.apiKey !== undefined) headers["authorization"] = `Bearer ${options.apiKey.reveal()}`;
  // A browser sets Origin itself and lets nobody else; a program with a session cookie has to say where it thinks it is.
  else if (!("document" in globalThis)) headers["origin"] = new URL(options.url).origin;
  if (context.ifMatch !== undefined) headers["if-match"] = `"${context.ifMatch}"`;
  if (context.idempotencyKey !== undefined) headers["idempotency-key"] = context.idempotencyKey;
  return headers;
}

async function send(options: ClientOptions, request: Request, init: RequestInit): Promise<Response> {
  const response = await reach(options, request, init);
  if (!response.ok) throw await problemOf(response);
  const stream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  return stream && response.body !== null
    ? notSilent({ request, response, body: response.body, silenceMs: options.silenceMs ?? 45_000 })
    : response;
}

async function reach(options: ClientOptions, request: Request, init: RequestInit): Promise<Response> {
  try {
    return await (options.fetch ?? fetch)(request, init);
  } catch (thrown) {
    // A fetch of the caller's own, e.g. one that asks a person for a proof, may know better what went wrong.
    if (request.signal.aborted || isProblem(thrown)) throw thrown;
    throw new Problem("server_unreachable", {
      kind: "unavailable",
      say: `Holdfast does not answer at ${new URL(options.url).origin}; check the address and that the server runs.`,
      because: thrown,
    });
  }
}

/** The Problem that an answer tells of; one of a proxy, which is no problem document, by its status alone. */
async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => "");
  const document = parseDocument(text);
  const kind = problemKinds.find((name) => name.replace("_", " ") === document?.title) ?? kindOfStatus(response.status);
  return new Problem(document?.code ?? `http_${response.status}`, {
    kind,
    say: document?.detail ?? `The answer was ${response.status} ${response.statusText} and not one of Holdfast's; something is in between.`,
    places: document?.errors ?? [],
    status: response.status,
    with: { requestId: document?.request_id ?? response.headers.get("x-request-id") ?? undefined },
  });
}

function parseDocument(text: string): ProblemDocument | undefined {
  try {
    const value = JSON.parse(text) as Partial<ProblemDocument> | null;
    return typeof value?.code === "string" && typeof value.detail === "string" ? (value as ProblemDocument) : undefined;
  } catch {
    return undefined; // not JSON: a proxy's page
  }
}

function kindOfStatus(status: number): ProblemKind {
  const exact = problemKinds.find((kind) => problemEdges[kind].status === status);
  if (exact !== undefined) return exact;
  if (status >= 500) return status === 502 || status === 504 ? "unavailable" : "broken";
  return "invalid";
}

/** The request id of a failed call, to find its log lines; undefined when the server was not reached. */
export function requestIdOf(problem: Problem): string | undefined {
  const id = problem.facts["requestId"];
  return typeof id === "string" ? id : undefined;
}

interface Streaming {
  /** Kept as long as the answer is read: its signal goes with it, and with that the caller's own. */
  request: Request;
  response: Response;
  body: ReadableStream<Uint8Array>;
  silenceMs: number;
}

/** The response with a body that fails when nothing came for `silenceMs`: a cut connection does not always say so. */
function notSilent({ request, response, body, silenceMs }: Streaming): Response {
  const reader = body.getReader();
  const watched = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await spoken(reader, { silenceMs, signal: request.signal });
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(watched, response);
}

/**
 * What comes next. No timer is left, however it ends: by the other side, by silence, or by who does not want more.
 * The signal is listened to here as well: Node's fetch holds its own only weakly, and forgets it with the next collection of garbage.
 */
async function spoken(reader: ReadableStreamDefaultReader<Uint8Array>, until: { silenceMs: number; signal: AbortSignal }) {
  const { silenceMs, signal } = until;
  const over = Promise.withResolvers<never>();
  const stop = (): void => over.reject(signal.reason);
  const timer = setTimeout(() => over.reject(new Error(`nothing came for ${silenceMs} ms`)), silenceMs);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([reader.read(), over.promise]);
  } catch (thrown) {
    // The connection goes with it; that it is cut already is no news.
    reader.cancel(thrown).catch(() => undefined);
    throw thrown;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
