-- expand
-- People and their credentials. Tokens and keys are kept as SHA-256 only (they are 256 random bits), passwords as Argon2id.

create schema identity;

create table identity.user (
  id text primary key,
  name text not null,
  -- The name without differences of case and composition; made by the process, so that it is the same everywhere.
  name_key text not null unique,
  role text not null check (role in ('admin', 'operator', 'approver', 'viewer', 'auditor')),
  password_hash text,
  disabled boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table identity.setup_token (
  hash bytea primary key,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create table identity.sign_in_link (
  hash bytea primary key,
  user_id text not null references identity.user (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create table identity.session (
  id text primary key,
  hash bytea not null unique,
  user_id text not null references identity.user (id) on delete cascade,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  address text,
  user_agent text
);
create index session_user_id on identity.session (user_id);
create index session_expires on identity.session (expires_at);

create table identity.api_key (
  id text primary key,
  user_id text not null references identity.user (id) on delete cascade,
  name text not null,
  hash bytea not null,
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_key_user_id on identity.api_key (user_id);

-- Tries to sign in, counted per account and per address since the first one of the window.
create table identity.attempt (
  bucket text primary key,
  tries integer not null,
  since timestamptz not null
);
