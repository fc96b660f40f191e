/** Kysely's view of the schema `identity`. */
import type { Permission, Role } from "@holdfast/contract";
import type { Generated } from "kysely";

export interface UserTable {
  id: string;
  name: string;
  name_key: string;
  role: Role;
  password_hash: string | null;
  disabled: Generated<boolean>;
  version: Generated<number>;
  created_at: Date;
  updated_at: Date;
}

export interface SetupTokenTable {
  hash: Buffer;
  created_at: Date;
  expires_at: Date;
}

export interface SignInLinkTable {
  hash: Buffer;
  user_id: string;
  created_at: Date;
  expires_at: Date;
}

export interface SessionTable {
  id: string;
  hash: Buffer;
  user_id: string;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
  address: string | null;
  user_agent: string | null;
}

export interface ApiKeyTable {
  id: string;
  user_id: string;
  name: string;
  hash: Buffer;
  scopes: Permission[];
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

export interface AttemptTable {
  bucket: string;
  tries: number;
  since: Date;
}

export type IdentityTables = {
  "identity.user": UserTable;
  "identity.setup_token": SetupTokenTable;
  "identity.sign_in_link": SignInLinkTable;
  "identity.session": SessionTable;
  "identity.api_key": ApiKeyTable;
  "identity.attempt": AttemptTable;
};
