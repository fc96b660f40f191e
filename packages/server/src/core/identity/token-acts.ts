/** What programs come with: token pairs and the keys that sign them. Puts the parts together. */
import type { SigningKeySummary, TokenPair } from "@holdfast/contract";
import type { Principal } from "#platform/http/request";
import { createAccessTokens, type AccessTokens } from "./access-tokens.ts";
import { createApiKeys } from "./api-keys.ts";
import type { Parts } from "./deps.ts";
import { createDeviceLogin, type DeviceLogin } from "./device-login.ts";
import { createRefreshTokens } from "./refresh-tokens.ts";
import type { Granter } from "./roles.ts";
import type { From } from "./sessions.ts";
import { createServiceAccounts, type ServiceAccounts } from "./service-accounts.ts";
import { sweepClientSecrets } from "./store-clients.ts";
import { sweepDeviceCodes } from "./store-devices.ts";
import { sweepRefreshTokens } from "./store-tokens.ts";
import { createSigningKeys, type KeySet, type SigningKeys, type TokenAlgorithm } from "./signing-keys.ts";

export interface TokenSettings {
  /** Who the tokens say they are from: where people reach us. */
  issuer?: string | undefined;
  /** EdDSA unless told. */
  algorithm?: TokenAlgorithm | undefined;
  /** API keys that somebody may make in an hour; 3 unless told, as the source system has it. */
  apiKeysPerHour?: number | undefined;
}

export interface TokenActs extends DeviceLogin, ServiceAccounts {
  /** Makes the caller's session, which a cookie held, one of the command line. @throws Problem `identity_no_cookie`, `identity_sign_in_again` */
  tradeSession(caller: Principal, from: From): Promise<TokenPair>;
  /** A refresh token is good once; a second use ends its session. @throws Problem `identity_refresh_refused` */
  refreshTokens(refreshToken: string, from: From): Promise<TokenPair>;
  /** Ends the session of a refresh token; what is none ends nothing. */
  revokeTokens(refreshToken: string, from: From): Promise<void>;
  /** What others verify access tokens with (RFC 7517). */
  keySet(): Promise<KeySet>;
  /** Newest first. */
  signingKeys(): Promise<{ items: SigningKeySummary[] }>;
  /** A new key signs from now on; older ones verify until their tokens have ended. @throws Problem `identity_grant_beyond` */
  rotateSigningKey(by: Granter): Promise<{ items: SigningKeySummary[] }>;
}

export interface Tokens {
  acts: TokenActs;
  accessTokens: AccessTokens;
  signing: SigningKeys;
  keys: ReturnType<typeof createApiKeys>;
  /** Removes tokens that have ended; how many. */
  sweep(): Promise<number>;
}

export function createTokens(parts: Parts, { issuer = "holdfast", algorithm, apiKeysPerHour = 3 }: TokenSettings = {}): Tokens {
  const signing = createSigningKeys(parts, algorithm);
  const accessTokens = createAccessTokens({ keys: signing, clock: parts.clock, issuer });
  const pairs = createRefreshTokens({ ...parts, accessTokens });
  const keys = createApiKeys(parts, { perHour: apiKeysPerHour });
  const acts: TokenActs = {
    ...createDeviceLogin({ ...parts, pairs, accessTokens }),
    ...createServiceAccounts({ ...parts, keys, accessTokens }),
    tradeSession: pairs.trade,
    refreshTokens: pairs.refresh,
    revokeTokens: pairs.revoke,
    keySet: signing.keySet,
    signingKeys: signing.list,
    rotateSigningKey: signing.rotate,
  };
  return { acts, accessTokens, signing, keys, sweep: () => sweep(parts) };
}

async function sweep({ db, clock }: Parts): Promise<number> {
  const now = new Date(clock.now());
  return (await sweepRefreshTokens(db, now)) + (await sweepDeviceCodes(db, now)) + (await sweepClientSecrets(db, now));
}
