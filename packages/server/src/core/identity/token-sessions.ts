/** Opens sessions without a cookie: what names them is a token. */
import type { Permission } from "@holdfast/contract";
import { newId, type Clock } from "@holdfast/kit";
import type { Audit } from "#core/audit";
import type { Tx } from "#platform/db";
import type { From } from "./sessions.ts";
import { insertSession, type UserRow } from "./store.ts";

interface Opening {
  user: UserRow;
  from: From;
  /** How it was proved, e.g. `["password", "totp", "device code"]`. */
  methods: string[];
  client: "cli" | "program";
  scopes: Permission[];
  endsAt: Date;
  secondFactorAt?: Date | null;
  steppedUpAt?: Date | null;
  /** Where the person who let it in had signed in: what ends that ends this. */
  began?: { providerId: string | null; session: string | null };
  /** Of a service account: the secret that opened it. */
  clientSecretId?: string;
}

export interface TokenSession {
  id: string;
  userId: string;
  client: "cli" | "program";
  createdAt: Date;
}

export async function openTokenSession(tx: Tx, opening: Opening, { audit, clock }: { audit: Audit; clock: Clock }): Promise<TokenSession> {
  const { user, from, methods, client, scopes, endsAt } = opening;
  const now = new Date(clock.now());
  const id = newId("ses", now.getTime());
  await insertSession(tx, {
    id,
    hash: null,
    user_id: user.id,
    created_at: now,
    last_seen_at: now,
    expires_at: endsAt,
    address: from.address ?? null,
    user_agent: from.userAgent?.replaceAll("\0", "").slice(0, 200) ?? null,
    methods,
    client,
    scopes,
    second_factor_at: opening.secondFactorAt ?? null,
    stepped_up_at: opening.steppedUpAt ?? null,
    provider_id: opening.began?.providerId ?? null,
    provider_session: opening.began?.session ?? null,
    client_secret_id: opening.clientSecretId ?? null,
  });
  const after = { user: user.name, methods, address: from.address, scopes };
  const facts = { action: "identity.session.open", subject: `session:${id}`, after, requestId: from.requestId };
  await audit.record(tx, { actor: `user:${user.name}`, ...facts });
  return { id, userId: user.id, client, createdAt: now };
}
