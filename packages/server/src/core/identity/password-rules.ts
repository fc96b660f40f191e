/** What a password must be. Pure. Two profiles: `default`, and `asvs` (OWASP ASVS 5.0, 6.2: long, of whatever kind). No rule makes anybody change one in time. */
import { Problem } from "@holdfast/kit";
import { isCommon } from "./common-passwords.ts";

export const passwordProfiles = ["default", "asvs"] as const;
export type PasswordProfile = (typeof passwordProfiles)[number];

export interface PasswordRules {
  profile: PasswordProfile;
  /** What an attacker who knows this place tries: its name, its host. */
  words: readonly string[];
}

export const defaultRules: PasswordRules = { profile: "default", words: [] };

/** Characters of any kind in place of different kinds. */
const longEnough = 16;
const least = { default: 12, asvs: 15 } as const;
const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u];

/** @throws Problem `identity_password_weak` that says what is missing, never the password */
export function checkPassword(password: string, { profile, words }: PasswordRules, about: readonly string[] = []): void {
  const say = weakness(password, { profile, words: [...words, ...about, "holdfast"] });
  if (say === undefined) return;
  throw new Problem("identity_password_weak", {
    kind: "invalid",
    say: `This password will not do: it ${say}.`,
    places: [{ at: "password", say }],
  });
}

function weakness(password: string, { profile, words }: PasswordRules): string | undefined {
  const kept = password.normalize("NFKC");
  const { length } = Array.from(kept);
  if (length < least[profile]) return `has ${length} characters and needs ${least[profile]}`;
  const mixed = kinds.filter((kind) => kind.test(kept)).length >= 3;
  if (profile === "default" && length < longEnough && !mixed)
    return `needs ${longEnough} characters, or three of: small letters, capitals, digits, signs`;
  if (isCommon(kept)) return "is one that everybody tries first";
  const word = words.find((one) => isMostly(kept, one));
  return word === undefined ? undefined : "is little more than a name that belongs to you or to this place";
}

/** A name is no harm inside a long password; it is when little else is left. */
function isMostly(password: string, word: string): boolean {
  const [text, name] = [fold(password), fold(word)];
  if (name.length < 4 || !text.includes(name)) return false;
  const rest = text.replaceAll(name, "");
  return rest.length < 8 || isCommon(rest);
}

const fold = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "");

/** The words in a host's name: `holdfast.example.net` belongs to `example`. */
export function wordsOfHost(publicUrl: string | undefined): string[] {
  const host = publicUrl === undefined ? "" : new URL(publicUrl).hostname;
  return host.split(".").filter((label) => label.length >= 4 && !/^\d+$/.test(label));
}
