/** Kysely's view of the schema `identity`. */
import type { GroupGrant, Permission, ProviderSettings } from "@holdfast/contract";
import type { ColumnType, Generated } from "kysely";

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
  must_enrol: Generated<boolean>;
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
  /** Null when it is found by its tokens. */
  hash: Buffer | null;
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
  provider_hint: Buffer | null;
  must: Generated<string[]>;
  scopes: Generated<Permission[]>;
  client_secret_id: string | null;
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

export interface RefreshTokenTable {
  hash: Buffer;
  session_id: string;
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
}

export interface SigningKeyTable {
  id: string;
  algorithm: "EdDSA" | "HS256";
  public_key: ColumnType<Record<string, string> | null, string | null, string | null>;
  sealed_key: Buffer;
  created_at: Date;
  retired_at: Date | null;
}

export interface DeviceCodeTable {
  hash: Buffer;
  user_code_hash: Buffer;
  client_name: string;
  address: string | null;
  user_agent: string | null;
  scopes: Generated<Permission[]>;
  created_at: Date;
  expires_at: Date;
  interval_s: Generated<number>;
  polled_at: Date | null;
  state: Generated<"asked" | "approved" | "denied">;
  user_id: string | null;
  methods: Generated<string[]>;
  second_factor_at: Date | null;
  stepped_up_at: Date | null;
  provider_id: string | null;
  provider_session: string | null;
}

export interface ClientSecretTable {
  id: string;
  user_id: string;
  hash: Buffer;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

/** `hash`: SHA-256 of the token. */
export interface MachineTokenTable {
  hash: Buffer;
  user_id: string;
  created_at: Date;
  expires_at: Date;
}

export interface TotpTable {
  id: string;
  user_id: string;
  sealed: Buffer;
  last_step: Generated<number>;
  created_at: Date;
  confirmed_at: Date | null;
}

export interface PasskeyTable {
  id: string;
  user_id: string;
  name: string;
  public_key: Buffer;
  counter: number;
  transports: Generated<string[]>;
  backed_up: boolean;
  created_at: Date;
  last_used_at: Date | null;
}

export interface BackupCodeTable {
  user_id: string;
  hash: Buffer;
  salt: Buffer;
  created_at: Date;
  used_at: Date | null;
}

export interface ChallengeTable {
  hash: Buffer;
  purpose: "sign-in" | "passkey" | "passkey-enrol" | "step-up";
  user_id: string | null;
  session_id: string | null;
  methods: Generated<string[]>;
  client: Generated<string>;
  nonce: string | null;
  provider_id: string | null;
  provider_session: string | null;
  provider_hint: Buffer | null;
  tries: Generated<number>;
  created_at: Date;
  expires_at: Date;
}

export interface PersonTokenTable {
  hash: Buffer;
  user_id: string;
  purpose: "invitation" | "reset";
  created_at: Date;
  expires_at: Date;
}

export interface ProviderTable {
  id: string;
  kind: "oidc" | "ldap" | "saml";
  name: string;
  settings: ColumnType<ProviderSettings, string, string>;
  sealed_secret: Buffer | null;
  create_users: boolean;
  group_grants: ColumnType<GroupGrant[], string | undefined, string>;
  enabled: Generated<boolean>;
  version: Generated<number>;
  trusted_contexts: ColumnType<string[], string | undefined, string>;
  sign_out_there: Generated<boolean>;
  own_certificate: string | null;
  created_at: Date;
  updated_at: Date;
}

export interface ExternalIdentityTable {
  provider_id: string;
  subject: string;
  user_id: string;
  name: string;
  manages_grants: boolean;
  created_at: Date;
  last_seen_at: Date | null;
}

export interface ProviderOnceTable {
  provider_id: string;
  hash: Buffer;
  expires_at: Date;
}

/** What is kept of a SAML response between its coming and the browser's taking it up. */
export interface ArrivalDocument {
  subject: string;
  name: string;
  groups: string[];
  session?: string | undefined;
  contexts: string[];
  /** Milliseconds since 1970; when the person proved it at the provider. */
  provedAt: number;
}

export interface ProviderArrivalTable {
  hash: Buffer;
  provider_id: string;
  proved: ColumnType<ArrivalDocument, string, string>;
  answers: string | null;
  expires_at: Date;
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
  "identity.totp": TotpTable;
  "identity.passkey": PasskeyTable;
  "identity.backup_code": BackupCodeTable;
  "identity.challenge": ChallengeTable;
  "identity.person_token": PersonTokenTable;
  "identity.refresh_token": RefreshTokenTable;
  "identity.signing_key": SigningKeyTable;
  "identity.device_code": DeviceCodeTable;
  "identity.client_secret": ClientSecretTable;
  "identity.machine_token": MachineTokenTable;
  "identity.provider": ProviderTable;
  "identity.external_identity": ExternalIdentityTable;
  "identity.provider_once": ProviderOnceTable;
  "identity.provider_arrival": ProviderArrivalTable;
};
