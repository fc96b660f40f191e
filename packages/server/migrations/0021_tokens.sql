-- expand
-- Tokens beside the cookie: sessions of programs, rotating refresh tokens, keys that sign access tokens, sign-in by device code, secrets of
-- service accounts. And what tells every process at once that somebody's rights have changed.

alter table identity.session
  -- A session without a cookie has none: it is found by the tokens that name it.
  alter column hash drop not null,
  -- What its tokens are narrowed to; none: all that the user may do.
  add column scopes text[] not null default '{}',
  -- Of a session of a service account: the secret that opened it.
  add column client_secret_id text;
create index session_client_secret on identity.session (client_secret_id) where client_secret_id is not null;

-- Each is used once, for the next. One that is used again was stolen, and ends its session.
create table identity.refresh_token (
  hash bytea primary key,
  session_id text not null references identity.session (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index refresh_token_session_id on identity.refresh_token (session_id);

create table identity.signing_key (
  id text primary key,
  algorithm text not null check (algorithm in ('EdDSA', 'HS256')),
  -- Null for HS256, which has no public half.
  public_key jsonb,
  sealed_key bytea not null,
  created_at timestamptz not null,
  -- Signs no more, and verifies until its last token has ended.
  retired_at timestamptz
);

-- A program that asks a person to let it in (RFC 8628).
create table identity.device_code (
  hash bytea primary key,
  -- SHA-256 of what the person types.
  user_code_hash bytea not null unique,
  client_name text not null,
  address text,
  user_agent text,
  scopes text[] not null default '{}',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  interval_s integer not null default 5,
  polled_at timestamptz,
  state text not null default 'asked' check (state in ('asked', 'approved', 'denied')),
  user_id text references identity.user (id) on delete cascade,
  -- Of the session that approved: how its user had proved it.
  methods text[] not null default '{}',
  second_factor_at timestamptz,
  stepped_up_at timestamptz
);
create index device_code_expires on identity.device_code (expires_at);

create table identity.client_secret (
  id text primary key,
  user_id text not null references identity.user (id) on delete cascade,
  hash bytea not null,
  created_at timestamptz not null,
  -- Set when a newer one takes its place, or for good.
  expires_at timestamptz,
  last_used_at timestamptz
);
create index client_secret_user_id on identity.client_secret (user_id);

-- Whoever changes what somebody may do, by whatever way, tells every process so: a trigger cannot be forgotten.
create function identity.tell_users_changed() returns trigger language plpgsql as $$
declare
  changed text;
begin
  for changed in select distinct user_id from before_change loop
    perform platform.publish('identity.access.changed', 'user:' || changed, '{}');
  end loop;
  return null;
end
$$;

create trigger session_ended after delete on identity.session
  referencing old table as before_change for each statement execute function identity.tell_users_changed();
create trigger api_key_removed after delete on identity.api_key
  referencing old table as before_change for each statement execute function identity.tell_users_changed();
create trigger grant_removed after delete on identity.grant
  referencing old table as before_change for each statement execute function identity.tell_users_changed();
create trigger grant_changed after update on identity.grant
  referencing old table as before_change for each statement execute function identity.tell_users_changed();
create trigger grant_added after insert on identity.grant
  referencing new table as before_change for each statement execute function identity.tell_users_changed();

create function identity.tell_user_changed() returns trigger language plpgsql as $$
begin
  perform platform.publish('identity.access.changed', 'user:' || old.user_id, '{}');
  return null;
end
$$;

create trigger session_changed after update of hash, expires_at, stepped_up_at, second_factor_at, scopes on identity.session
  for each row when (old.hash is distinct from new.hash or new.expires_at < old.expires_at or old.scopes is distinct from new.scopes
    or old.stepped_up_at is distinct from new.stepped_up_at or old.second_factor_at is distinct from new.second_factor_at)
  execute function identity.tell_user_changed();
create trigger api_key_changed after update of revoked_at, expires_at, scopes on identity.api_key
  for each row when (old.revoked_at is distinct from new.revoked_at or old.expires_at is distinct from new.expires_at
    or old.scopes is distinct from new.scopes)
  execute function identity.tell_user_changed();

create function identity.tell_this_user_changed() returns trigger language plpgsql as $$
begin
  perform platform.publish('identity.access.changed', 'user:' || old.id, '{}');
  return null;
end
$$;

create trigger user_removed after delete on identity.user
  for each row execute function identity.tell_this_user_changed();
create trigger user_changed after update of name, kind, disabled, password_must_change on identity.user
  for each row when (old.name is distinct from new.name or old.kind is distinct from new.kind or old.disabled is distinct from new.disabled
    or old.password_must_change is distinct from new.password_must_change)
  execute function identity.tell_this_user_changed();

create function identity.tell_everybody_changed() returns trigger language plpgsql as $$
begin
  perform platform.publish('identity.access.changed', tg_argv[0], '{}');
  return null;
end
$$;

create trigger role_changed after update of permissions, second_factor on identity.role
  for each row when (old.permissions is distinct from new.permissions or old.second_factor is distinct from new.second_factor)
  execute function identity.tell_everybody_changed('role:any');
create trigger signing_key_changed after insert or update or delete on identity.signing_key
  for each statement execute function identity.tell_everybody_changed('signing_key:any');
