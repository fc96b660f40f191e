/** Kysely's view of the schema `identity`. */
import type { Permission } from "@holdfast/contract";
import type { Generated } from "kysely";

export interface UserTable {
  id: string;
  name: string;
  name_key: string;
  kind: Generated<"person" | "service">;
  email: string | null;
  email_key: string | null;
  password_hash: string | null;
  password_changed_at: Date | null;
  password_must_change: Generated<boolean>;
  disabled: Generated<boolean>;
  last_seen_at: Date | null;
  version: Generated<number>;
  created_at: Date;
  updated_at: Date;
}

export interface RoleTable {
  name: string;
  description: Generated<string>;
  /** Null for a role that is always there. */
  permissions: Permission[] | null;
  second_factor: Generated<boolean>;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface GrantTable {
  user_id: string;
  role: string;
  selector: string;
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
  methods: Generated<string[]>;
  client: Generated<"console" | "cli" | "program">;
  second_factor_at: Date | null;
  stepped_up_at: Date | null;
  provider_id: string | null;
  provider_session: string | null;
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
  "identity.role": RoleTable;
  "identity.grant": GrantTable;
  "identity.setup_token": SetupTokenTable;
  "identity.sign_in_link": SignInLinkTable;
  "identity.session": SessionTable;
  "identity.api_key": ApiKeyTable;
  "identity.attempt": AttemptTable;
};
