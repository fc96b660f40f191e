/** OpenID Connect: code flow with PKCE, state and nonce; signatures of ID tokens are always checked. Every call goes through the egress guard. */
import type { OidcSettings } from "@holdfast/contract";
import { isProblem, Problem, type Clock } from "@holdfast/kit";
import { createRemoteJWKSet, customFetch as jwksFetch, decodeJwt, jwtVerify, type JWTVerifyGetKey } from "jose";
import * as openid from "openid-client";
import type { Egress } from "#platform/egress";
import type { Proved } from "./external-identities.ts";
import type { ProviderRow } from "./store-providers.ts";

/** What of a begun sign-in has to come back. */
export interface Begun {
  state: string;
  nonce: string;
  verifier: string;
}

/** What a provider says when somebody signed out there (OpenID Connect Back-Channel Logout 1.0, section 2.4). */
export interface LogoutToken {
  id: string;
  subject?: string | undefined;
  session?: string | undefined;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

const keepMs = 10 * 60_000;
const logoutAgeS = 300;
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

interface Known {
  until: number;
  configuration: Promise<openid.Configuration>;
  keys?: JWTVerifyGetKey;
}

export interface OidcClient {
  row: ProviderRow & { settings: OidcSettings };
  secret: string | undefined;
}

type Discovery = (client: OidcClient) => Known;

export function createOidc({ egress, clock }: { egress: Egress; clock: Clock }) {
  const configurationOf = createDiscovery(egress, clock);
  return { ...createCodeFlow(configurationOf), ...createSignOut(configurationOf, { egress, clock }) };
}

function createCodeFlow(configurationOf: Discovery) {
  /** `again`: the person has to prove it even if the provider knows who it is. */
  async function begin(
    client: OidcClient,
    { redirectUri, again }: { redirectUri: string; again: boolean },
  ): Promise<Begun & { url: string }> {
    return guarded(async () => {
      const configuration = await configurationOf(client).configuration;
      const begun = { state: openid.randomState(), nonce: openid.randomNonce(), verifier: openid.randomPKCECodeVerifier() };
      const url = openid.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: client.row.settings.scopes.join(" "),
        state: begun.state,
        nonce: begun.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: "S256",
        ...(again ? { prompt: "login", max_age: "0" } : {}),
      });
      return { ...begun, url: url.href };
    });
  }

  /** Whom the provider proved by what came back at `cameTo`. @throws Problem `identity_provider_refused` */
  async function finish(client: OidcClient, { begun, cameTo }: { begun: Begun; cameTo: URL }): Promise<Proved> {
    return guarded(async () => {
      const configuration = await configurationOf(client).configuration;
      const checks = { pkceCodeVerifier: begun.verifier, expectedState: begun.state, expectedNonce: begun.nonce, idTokenExpected: true };
      const tokens = await openid.authorizationCodeGrant(configuration, cameTo, checks);
      const proved = tokens.claims();
      if (!proved) throw refused();
      const { nameClaim, groupsClaim } = client.row.settings;
      const claims = { ...(await moreOf(configuration, tokens, [nameClaim, groupsClaim])), ...proved };
      const name = textIn(claims[nameClaim]) ?? proved.sub;
      const { sub: subject, sid, acr, amr, auth_time: authTime } = proved;
      const there = { session: textIn(sid), contexts: [...textsIn(acr), ...textsIn(amr)] };
      const provedAt = authTime === undefined ? undefined : authTime * 1000;
      return { provider: client.row, subject, name, groups: textsIn(claims[groupsClaim]), ...there, provedAt, hint: tokens.id_token };
    });
  }

  return { begin, finish };
}

function createSignOut(configurationOf: Discovery, { egress, clock }: { egress: Egress; clock: Clock }) {
  /** @throws Problem `identity_provider_refused` */
  async function readLogout(client: OidcClient, token: string): Promise<LogoutToken> {
    return guarded(async () => {
      const kept = configurationOf(client);
      const { jwks_uri: uri } = (await kept.configuration).serverMetadata();
      if (uri === undefined) throw refused();
      kept.keys ??= createRemoteJWKSet(new URL(uri), { [jwksFetch]: (url, init) => egress.fetch(url, init) });
      const { issuer, clientId } = client.row.settings;
      const rules = { issuer, audience: clientId, algorithms, maxTokenAge: logoutAgeS, currentDate: new Date(clock.now()) };
      const { payload } = await jwtVerify(token, kept.keys, rules);
      const { events, jti, sub, sid, nonce, iat = 0 } = payload;
      const told = typeof events === "object" && events !== null && logoutEvent in events;
      const session = textIn(sid);
      if (!told || nonce !== undefined || jti === undefined || (sub === undefined && session === undefined)) throw refused();
      return { id: jti, subject: sub, session, expiresAt: (iat + logoutAgeS + 60) * 1000 };
    });
  }

  /** Where somebody signs out at the provider (OpenID Connect RP-Initiated Logout 1.0); undefined where it has no such place. */
  async function endSessionUrl(
    client: OidcClient,
    { backTo, hint }: { backTo: string; hint: string | undefined },
  ): Promise<string | undefined> {
    return guarded(async () => {
      const configuration = await configurationOf(client).configuration;
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
      return openid.buildEndSessionUrl(configuration, {
        post_logout_redirect_uri: backTo,
        ...(hint === undefined ? {} : { id_token_hint: hint }),
      }).href;
    });
  }

  return { readLogout, endSessionUrl };
}

function createDiscovery(egress: Egress, clock: Clock): Discovery {
  const known = new Map<string, Known>();

  function discover(settings: OidcSettings, secret: string | undefined): Promise<openid.Configuration> {
    const plain = settings.issuer.startsWith("http:");
    const fetch: openid.CustomFetch = (url, { body, headers, method, signal }) =>
      egress.fetch(url, { body, headers, method, signal, redirect: "manual" });
    const execute = [openid.enableNonRepudiationChecks, ...(plain ? [openid.allowInsecureRequests] : [])];
    return openid.discovery(new URL(settings.issuer), settings.clientId, undefined, proofOf(settings, secret), {
      [openid.customFetch]: fetch,
      execute,
    });
  }

  /** The provider's own document, kept for ten minutes; what failed is not kept. */
  return function configurationOf({ row, secret }: OidcClient): Known {
    const key = `${row.id} ${row.version}`;
    const found = known.get(key);
    if (found && found.until > clock.now()) return found;
    for (const [other, { until }] of known) if (until <= clock.now()) known.delete(other);
    const made: Known = { until: clock.now() + keepMs, configuration: discover(row.settings, secret) };
    known.set(key, made);
    made.configuration.catch(() => known.delete(key));
    return made;
  };
}

/** Who a token says it is from and for, not yet believed; undefined for what is no token. */
export function claimed(token: string): { issuer: string; audiences: string[] } | undefined {
  try {
    const { iss, aud } = decodeJwt(token);
    return iss === undefined ? undefined : { issuer: iss, audiences: textsIn(aud) };
  } catch {
    return undefined; // whoever sent it is told that it was refused
  }
}

/** Some providers tell of a person only where the access token is shown (OpenID Connect Core 1.0, section 5.3); the answer must be of the same one. */
async function moreOf(
  configuration: openid.Configuration,
  tokens: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers,
  wanted: string[],
): Promise<Record<string, unknown>> {
  const claims = tokens.claims();
  const complete = wanted.every((claim) => claims?.[claim] !== undefined);
  if (!claims || complete || configuration.serverMetadata().userinfo_endpoint === undefined) return {};
  return openid.fetchUserInfo(configuration, tokens.access_token, claims.sub);
}

function proofOf({ clientAuthentication }: OidcSettings, secret: string | undefined): openid.ClientAuth {
  if (clientAuthentication === "none" || secret === undefined) return openid.None();
  return clientAuthentication === "basic" ? openid.ClientSecretBasic(secret) : openid.ClientSecretPost(secret);
}

function textIn(claim: unknown): string | undefined {
  return typeof claim === "string" && claim !== "" ? claim : undefined;
}

function textsIn(claim: unknown): string[] {
  const list: unknown[] = Array.isArray(claim) ? claim : [claim];
  return list.filter((text): text is string => typeof text === "string" && text !== "");
}

/** What went wrong on the way is said as such; all else is a refusal, whose cause is for the log. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    for (let at: unknown = thrown; at instanceof Error; at = at.cause) if (isProblem(at)) throw at;
    throw refused(thrown);
  }
}

export function refused(because?: unknown): Problem {
  return new Problem("identity_provider_refused", {
    kind: "unauthenticated",
    say: "What the identity provider sent does not prove who you are; begin again.",
    because,
  });
}
