/**
 * OAuth 2 as standards place it, for programs that have a library for it: tokens (RFC 6749), sign-in by device code (RFC 8628), the end of
 * a token (RFC 7009), what verifies tokens (RFC 7517) and where all of it is (RFC 8414). It maps shapes and decides nothing.
 */
import { permissions, type Permission, type TokenPair } from "@holdfast/contract";
import { isProblem, type Problem } from "@holdfast/kit";
import type { PlainAnswer, PlainCall, PlainRoute } from "#platform/http/plain-routes";
import type { Identity } from "./index.ts";
import type { From } from "./sessions.ts";

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
const paths = {
  token: "/oauth/token",
  device: "/oauth/device_authorization",
  revoke: "/oauth/revoke",
  keys: "/.well-known/jwks.json",
  metadata: "/.well-known/oauth-authorization-server",
};
/** Answers that hold a token are kept by nobody on the way. */
const noStore = { "cache-control": "no-store" };

/** Thrown inside this file only: an answer in the words of the standard. */
class Refusal extends Error {
  readonly answer: PlainAnswer;
  constructor(error: string, description: string, status = 400) {
    super(description);
    const headers = status === 401 ? { ...noStore, "www-authenticate": 'Basic realm="Holdfast"' } : noStore;
    this.answer = { status, headers, body: { error, error_description: description } };
  }
}

export function createOAuthRoutes(identity: Identity): PlainRoute[] {
  const post = (path: string, answer: PlainRoute["answer"]): PlainRoute => ({
    method: "POST",
    path,
    answer: (call) => guarded(call, answer),
  });
  return [
    post(paths.token, async (call) => ({ status: 200, headers: noStore, body: await grant(identity, call) })),
    post(paths.device, async (call) => ({ status: 200, headers: noStore, body: await startDevice(identity, call) })),
    post(paths.revoke, async (call) => {
      await identity.revokeTokens(one(call.form, "token"), fromOf(call));
      return { status: 200, headers: noStore, body: {} };
    }),
    {
      method: "GET",
      path: paths.keys,
      answer: async () => ({ status: 200, headers: { "cache-control": "public, max-age=60" }, body: await identity.keySet() }),
    },
    { method: "GET", path: paths.metadata, answer: async ({ origin }) => ({ status: 200, body: metadataOf(origin) }) },
  ];
}

async function grant(identity: Identity, call: PlainCall): Promise<Record<string, unknown>> {
  const { form } = call;
  switch (one(form, "grant_type")) {
    case "client_credentials": {
      const { id, secret } = clientOf(call);
      const token = await identity.clientToken({ clientId: id, secret, scopes: scopesOf(form) }, fromOf(call));
      return { access_token: token.accessToken, token_type: "Bearer", expires_in: token.expiresIn, scope: token.scopes.join(" ") };
    }
    case "refresh_token":
      return pairOf(await identity.refreshTokens(one(form, "refresh_token"), fromOf(call)));
    case deviceGrant: {
      const polled = await identity.pollDeviceLogin(one(form, "device_code"), fromOf(call));
      if ("error" in polled) throw new Refusal(polled.error, pollWords[polled.error]);
      return { ...pairOf(polled.pair), scope: polled.scopes.join(" ") };
    }
    default:
      throw new Refusal("unsupported_grant_type", `There are client_credentials, refresh_token and ${deviceGrant}.`);
  }
}

const pollWords = {
  authorization_pending: "Nobody has answered yet.",
  slow_down: "Too soon; wait five seconds longer between polls.",
  access_denied: "The answer was no.",
  expired_token: "Nobody answered in time; begin again.",
  invalid_grant: "There is no such device code, or it was used.",
};

async function startDevice(identity: Identity, call: PlainCall): Promise<Record<string, unknown>> {
  const clientName = optional(call.form, "client_name") ?? one(call.form, "client_id");
  const { deviceCode, userCode, expiresInS, intervalS } = await identity.startDeviceLogin(
    { clientName, scopes: scopesOf(call.form) },
    fromOf(call),
  );
  const page = `${call.origin}/device`;
  return {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: page,
    // In the fragment, so that no log sees it.
    verification_uri_complete: `${page}#code=${userCode}`,
    expires_in: expiresInS,
    interval: intervalS,
  };
}

/** Basic (RFC 6749, section 2.3.1, where both parts are form-encoded) or in the form, never both. */
function clientOf({ form, authorization }: PlainCall): { id: string; secret: string } {
  if (authorization === undefined) return { id: one(form, "client_id"), secret: one(form, "client_secret") };
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1];
  const [id, secret, more] = Buffer.from(encoded ?? "", "base64")
    .toString("utf8")
    .split(":");
  if (encoded === undefined || id === undefined || secret === undefined || more !== undefined || form.has("client_secret"))
    throw new Refusal("invalid_client", "Show the client id and secret once: by Basic, or in the form.", 401);
  try {
    return { id: decodeURIComponent(id.replaceAll("+", " ")), secret: decodeURIComponent(secret.replaceAll("+", " ")) };
  } catch {
    throw new Refusal("invalid_client", "The client id or secret is not form-encoded.", 401);
  }
}

function scopesOf(form: URLSearchParams): Permission[] {
  const words = (optional(form, "scope") ?? "").split(" ").filter((word) => word !== "");
  const known = words.filter((word): word is Permission => (permissions as readonly string[]).includes(word));
  if (known.length === words.length && !known.includes("public") && !known.includes("self")) return [...new Set(known)];
  throw new Refusal("invalid_scope", "A scope is a permission such as devices:read; several are separated by spaces.");
}

function optional(form: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = form.getAll(name);
  if (more.length > 0) throw new Refusal("invalid_request", `${name} is there twice.`);
  if (value?.includes("\0")) throw new Refusal("invalid_request", `${name} holds a NUL character.`);
  return value === "" ? undefined : value;
}

function one(form: URLSearchParams, name: string): string {
  const value = optional(form, name);
  if (value !== undefined) return value;
  throw new Refusal("invalid_request", `${name} is missing.`);
}

function pairOf(pair: TokenPair): Record<string, unknown> {
  const { accessToken, expiresIn, refreshToken } = pair;
  return { access_token: accessToken, token_type: "Bearer", expires_in: expiresIn, refresh_token: refreshToken };
}

function fromOf({ remoteAddress, userAgent, requestId }: PlainCall): From {
  return { address: remoteAddress, userAgent, requestId };
}

function metadataOf(origin: string): Record<string, unknown> {
  return {
    issuer: origin,
    token_endpoint: origin + paths.token,
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
    device_authorization_endpoint: origin + paths.device,
    revocation_endpoint: origin + paths.revoke,
    revocation_endpoint_auth_methods_supported: ["none"],
    jwks_uri: origin + paths.keys,
    grant_types_supported: ["client_credentials", "refresh_token", deviceGrant],
    response_types_supported: [],
    scopes_supported: permissions.filter((permission) => permission !== "public" && permission !== "self"),
  };
}

/** What is refused by our own words is said by those of the standard; what broke is left to the server. */
async function guarded(call: PlainCall, answer: PlainRoute["answer"]): Promise<PlainAnswer> {
  try {
    return await answer(call);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.answer;
    if (isProblem(thrown)) return refusalOf(thrown) ?? rethrow(thrown);
    throw thrown;
  }
}

function refusalOf(problem: Problem): PlainAnswer | undefined {
  if (problem.code === "identity_client_refused") return new Refusal("invalid_client", problem.message, 401).answer;
  if (problem.code === "identity_refresh_refused") return new Refusal("invalid_grant", problem.message).answer;
  if (problem.kind !== "limit") return undefined;
  const { answer } = new Refusal("slow_down", problem.message, problem.status);
  const { retryAfterS } = problem.facts;
  return { ...answer, headers: { ...answer.headers, "retry-after": String(typeof retryAfterS === "number" ? retryAfterS : 60) } };
}

function rethrow(problem: Problem): never {
  throw problem;
}
