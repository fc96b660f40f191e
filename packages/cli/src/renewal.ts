/** Keeps a person's tokens good: an access token is used until it ends, then one process at a time trades the refresh token for the next pair. */
import { createClient, type TokenPair } from "@holdfast/contract";
import { Problem, Secret } from "@holdfast/kit";
import { locked } from "./file-lock.ts";
import { profilePath, readProfile, writeProfile, type TokenProfile, type Tokens } from "./profile.ts";

type Fetch = typeof globalThis.fetch;
/** Renewed so long before its end, so that it does not end on the way. */
const earlyMs = 30_000;

/** As a profile keeps what the server gave. */
export function keptTokens(pair: Pick<TokenPair, "accessToken" | "expiresIn" | "refreshToken">): Tokens {
  return {
    accessToken: new Secret(pair.accessToken),
    accessEndsAtMs: Date.now() + pair.expiresIn * 1000,
    refreshToken: new Secret(pair.refreshToken),
  };
}

/** A fetch that sends a good access token with every request. */
export function renewingFetch(profile: TokenProfile, path: string = profilePath()): Fetch {
  let { tokens } = profile;
  return async (input, init) => {
    if (!isGood(tokens)) tokens = await renew(profile.url, path);
    const request = new Request(input, init);
    request.headers.set("authorization", `Bearer ${tokens.accessToken.reveal()}`);
    return fetch(request);
  };
}

function isGood({ accessEndsAtMs }: Tokens): boolean {
  return Date.now() + earlyMs < accessEndsAtMs;
}

/** A refresh token is good once, so who comes second takes what the first has written. */
function renew(url: string, path: string): Promise<Tokens> {
  return locked(path, async () => {
    const profile = readProfile({ HOLDFAST_CONFIG: path });
    if (!("tokens" in profile) || profile.url !== url)
      throw new Problem("cli_signed_out", { kind: "unauthenticated", say: "You signed in as somebody else meanwhile; run it again." });
    if (isGood(profile.tokens)) return profile.tokens;
    const pair = await createClient({ url }).tokens.refresh({ refreshToken: profile.tokens.refreshToken.reveal() });
    const tokens = keptTokens(pair);
    writeProfile({ url, tokens }, path);
    return tokens;
  });
}
