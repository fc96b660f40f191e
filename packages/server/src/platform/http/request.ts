/** What a route's handler knows of its request and of its caller. */
import type { IncomingHttpHeaders } from "node:http";
import type { Permission } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Access, Asker } from "../reach.ts";

/** Who calls. */
export interface Principal {
  /** As audit entries name the caller, e.g. `user:ada`. */
  actor: string;
  userId: string;
  /** What the caller may do, each with where; `can` asks it. */
  access: Access;
  /** `session`: by its cookie; `token`: by an access token of a session; `certificate`: a machine, by its client certificate. */
  via: "session" | "token" | "api_key" | "certificate";
  /** Id of the session or API key, or the SPIFFE id. */
  credentialId: string;
  /** When the caller of a session last proved who they are, in milliseconds since 1970. */
  steppedUpAt?: number | undefined;
  /** A person who proved so not long ago, so that acts which would do harm in the wrong hands are open. */
  steppedUp?: boolean | undefined;
  /** Of an API key or program: what its scopes name; those acts are open to it when their permission is among them. */
  namedScopes?: readonly Permission[] | undefined;
  /** A service account: it acts, and consents to nothing. */
  program?: boolean | undefined;
  /** What comes before anything else, e.g. `second-factor`: to enrol one. */
  must?: readonly string[] | undefined;
}

/** These permissions, everywhere. */
export function everywhere(permissions: Iterable<Permission>): Principal["access"] {
  return new Map(Array.from(permissions, (permission) => [permission, "everywhere"]));
}

/** What a request shows of its caller. */
export interface Credentials {
  headers: IncomingHttpHeaders;
  cookies: Record<string, string | undefined>;
  method: string;
  remoteAddress: string;
  /** Of the client's certificate, which was verified; absent when it showed none. */
  spiffeId?: string | undefined;
  /** True when an open stream asks whether its caller still counts: nobody did anything, so it must not keep a session from going idle. */
  passive?: boolean;
}

/** Finds the caller. Undefined: no credentials. A Problem `unauthenticated`: credentials that do not count (any more). */
export type Authenticate = (credentials: Credentials) => Promise<Principal | undefined>;

export interface CookieParts {
  /** How long the browser keeps it, in seconds; 0 deletes it. */
  maxAgeS: number;
}

/** What every handler gets as `context`. */
export interface RequestContext {
  /** Absent on public routes only. Take it with `callerOf(context)`. */
  principal?: Principal | undefined;
  requestId: string;
  /** The ETag that the caller has read, without quotes; present on every route with `precondition: "if-match"`, and on those with `optional` where the caller sent it. */
  ifMatch?: string | undefined;
  /** Sent with the answer, whether it succeeds or fails. */
  resHeaders: Headers;
  /** The caller's address; behind a trusted proxy, the one that the proxy tells. */
  remoteAddress: string;
  userAgent?: string | undefined;
  /** What the caller's browser keeps for us. */
  cookies: Record<string, string | undefined>;
  /** Always HttpOnly, SameSite=Strict, Path=/; where the caller came by https, Secure and known to the browser as `__Host-<name>`. */
  setCookie(name: string, value: string, parts: CookieParts): void;
  /** Finds the caller again, for an answer that takes long: undefined when the session or key ended meanwhile. */
  reauthenticate(): Promise<Principal | undefined>;
  /** Aborted when the caller hangs up or the server stops. */
  signal: AbortSignal;
}

/** The caller. @throws Problem `unauthenticated` on a public route without credentials. */
export function callerOf(context: Pick<RequestContext, "principal">): Principal {
  if (context.principal === undefined) throw unauthenticated();
  return context.principal;
}

/** The caller, as those who act in the caller's name are told of them. @throws Problem `unauthenticated` */
export function askerOf(context: Pick<RequestContext, "principal" | "requestId">): Asker {
  const { actor, access, program } = callerOf(context);
  return { actor, access, requestId: context.requestId, ...(program === true ? { program } : {}) };
}

/** The ETag that the caller has read. @throws Problem 428 when there is none. */
export function ifMatchOf(context: Pick<RequestContext, "ifMatch">): string {
  if (context.ifMatch === undefined) throw preconditionRequired();
  return context.ifMatch;
}

/** The number of a version from the `etag` that shows it; 0, which no row has, when it never was one of ours. */
export function versionOf(etag: string): number {
  return /^[1-9]\d{0,8}$/.test(etag) ? Number(etag) : 0;
}

/** For an edit whose ETag moved: somebody else was first. */
export function preconditionFailed(what: string): Problem {
  return new Problem("precondition_failed", {
    kind: "conflict",
    status: 412,
    say: `Somebody else changed ${what} since you read it; read it again and repeat your change.`,
  });
}

export function preconditionRequired(): Problem {
  return new Problem("precondition_required", {
    kind: "invalid",
    status: 428,
    say: "This route changes something with a version; send the `etag` that you have read as the header If-Match.",
  });
}

export function unauthenticated(): Problem {
  return new Problem("unauthenticated", {
    kind: "unauthenticated",
    say: "Sign in, or send an API key as `Authorization: Bearer …`.",
  });
}
