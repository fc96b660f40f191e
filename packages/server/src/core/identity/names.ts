/** Names of users. Pure. */
import { Problem } from "@holdfast/kit";

const pattern = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@-]{0,99}$/u;

/** Names that differ only in case or in how a letter is composed are one name. */
export function foldName(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase();
}

/** The name as it is kept. @throws Problem `identity_name_invalid` for what could not be told from another name, or read aloud */
export function checkName(name: string): string {
  const kept = name.normalize("NFKC").trim();
  if (pattern.test(kept)) return kept;
  throw new Problem("identity_name_invalid", {
    kind: "invalid",
    say: "A user's name has up to 100 letters, digits, spaces, and . _ @ -, and begins with a letter or digit.",
    places: [{ at: "name", say: "is not such a name" }],
  });
}
