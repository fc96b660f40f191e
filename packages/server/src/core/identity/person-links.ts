/** One-time links by which a person sets a password, and the letters they go out in. Of a token only its hash is kept. */
import { isProblem } from "@holdfast/kit";
import type { Tx } from "#platform/db";
import type { Letter, Mail } from "#platform/mail";
import type { Parts } from "./deps.ts";
import { insertPersonToken, type PersonTokenRow } from "./store-people.ts";
import { hashToken, newToken } from "./tokens.ts";

/** How a link reached its person: by mail, or by whoever asked for it. */
export interface Sent {
  mailed: boolean;
  expiresAt: string;
  /** When it was not mailed. Absolute where the public URL is set, else a path. */
  link?: string;
  /** Why it was not mailed although there is a mail server and an address. */
  because?: string;
}

export interface Token {
  token: string;
  expiresAt: Date;
}

interface Purpose {
  userId: string;
  purpose: PersonTokenRow["purpose"];
  forMs: number;
}

export async function makePersonToken(tx: Tx, { userId, purpose, forMs }: Purpose, { clock }: Pick<Parts, "clock">): Promise<Token> {
  const token = newToken();
  const now = clock.now();
  const expiresAt = new Date(now + forMs);
  await insertPersonToken(tx, { hash: hashToken(token), user_id: userId, purpose, created_at: new Date(now), expires_at: expiresAt });
  return { token, expiresAt };
}

/** The token stands behind `#`, where no log and no server in between sees it. */
export function linkFor(page: "invitation" | "reset", token: string, publicUrl: string | undefined): string {
  return `${publicUrl ?? ""}/${page}#token=${token}`;
}

interface Sending {
  page: "invitation" | "reset";
  token: Token;
  to: string | null | undefined;
  letter(link: string): Omit<Letter, "to">;
}

/** By mail where that is possible; otherwise the link is the answer, for whoever asked to hand on. A mail needs the public URL: a path leads nowhere. */
export async function sendLink(
  { page, token: { token, expiresAt }, to, letter }: Sending,
  { mail, publicUrl }: { mail: Mail | undefined; publicUrl: string | undefined },
): Promise<Sent> {
  const link = linkFor(page, token, publicUrl);
  const ends = { expiresAt: expiresAt.toISOString() };
  if (!mail || to == null || publicUrl === undefined) return { mailed: false, ...ends, link };
  try {
    await mail.send({ to, ...letter(link) });
    return { mailed: true, ...ends };
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return { mailed: false, ...ends, link, because: thrown.message };
  }
}
