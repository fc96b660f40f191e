-- expand
-- SAML 2.0, what counts as a second factor at a provider, and signing out there.

alter table identity.provider
  drop constraint provider_kind_check,
  add constraint provider_kind_check check (kind in ('oidc', 'ldap', 'saml')),
  -- What the provider calls a sign-in with two factors.
  add column trusted_contexts jsonb not null default '[]',
  add column sign_out_there boolean not null default false,
  -- Of our own key for a SAML provider, which is its sealed secret.
  add column own_certificate text;

-- Whom a SAML response proved, until the browser that began (or, unasked, the one that brought it) takes it up. It counts once.
create table identity.provider_arrival (
  hash bytea primary key,
  provider_id text not null references identity.provider (id) on delete cascade,
  proved jsonb not null,
  -- The request that it answers; null when the provider began.
  answers text,
  expires_at timestamptz not null
);

-- The session of a program that a person let in ends with what ends theirs at the provider.
alter table identity.device_code
  add column provider_id text,
  add column provider_session text;
