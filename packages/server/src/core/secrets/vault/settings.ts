/** How Vault is reached and signed in to; what settings say, read by `platform/settings`. */
import type { Secret } from "@holdfast/kit";

export interface VaultSettings {
  /** Origin, e.g. `https://vault.example.net:8200`. */
  address: string;
  namespace?: string;
  /** PEM file of the certificate authorities to trust in place of the system's. */
  caFile?: string;
  signIn: VaultSignIn;
  /** `<mount>/<path>` below which named secrets are kept. */
  keepAt: string;
  /** Beginnings of paths that a reference may name; none: references are refused. */
  references: readonly string[];
  /** `<mount>/<key>` of the transit key that may wrap the key ring. */
  transitKey?: string;
}

/** A text from settings, or from a file that is read at each sign-in (it may be replaced meanwhile). */
export type Given = { text: Secret } | { file: string };

export type VaultSignIn =
  | { by: "token"; token: Given }
  /** `wrapped`: what is given is not the secret id but the single-use token that wraps it. */
  | { by: "approle"; mount: string; roleId: string; secretId: Given; wrapped: boolean }
  | { by: "kubernetes"; mount: string; role: string; jwtFile: string };
