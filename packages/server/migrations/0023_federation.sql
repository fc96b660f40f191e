-- expand
-- Identity providers, and who people are there. An identity belongs to the user that it was linked to, whatever name or mail address it tells.

create table identity.provider (
  -- As the administrator chose it; part of the address that the provider sends people back to.
  id text primary key,
  kind text not null check (kind in ('oidc', 'ldap')),
  name text not null,
  settings jsonb not null,
  -- The client secret or the bind password, sealed for this row.
  sealed_secret bytea,
  create_users boolean not null,
  group_grants jsonb not null default '[]',
  enabled boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table identity.external_identity (
  provider_id text not null references identity.provider (id) on delete cascade,
  -- What the provider never gives to another person: OpenID Connect's sub, a directory's entryUUID or objectGUID.
  subject text not null,
  user_id text not null references identity.user (id) on delete cascade,
  -- As the provider named the person last; for people to read.
  name text not null,
  -- The user was made by the provider, and its groups say what the user may do.
  manages_grants boolean not null,
  created_at timestamptz not null,
  last_seen_at timestamptz,
  primary key (provider_id, subject)
);
create index external_identity_user on identity.external_identity (user_id);

-- What counts once: states of sign-ins, ids of logout tokens.
create table identity.provider_once (
  provider_id text not null references identity.provider (id) on delete cascade,
  hash bytea not null,
  expires_at timestamptz not null,
  primary key (provider_id, hash)
);

alter table identity.challenge
  add column provider_id text,
  add column provider_session text;
