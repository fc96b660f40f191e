-- expand
-- Second factors: time-based codes, passkeys, backup codes; the steps between a password and a session; what a session must do before all else.

create table identity.totp (
  id text primary key,
  user_id text not null references identity.user (id) on delete cascade,
  -- The seed, sealed for this row.
  sealed bytea not null,
  -- Time step of the last code that counted: a code counts once, and none before it counts any more.
  last_step bigint not null default 0,
  created_at timestamptz not null,
  -- Null as long as nobody has shown a code of it.
  confirmed_at timestamptz
);
create unique index totp_one_confirmed on identity.totp (user_id) where confirmed_at is not null;
create unique index totp_one_begun on identity.totp (user_id) where confirmed_at is null;

create table identity.passkey (
  -- The credential's id as the authenticator chose it, base64url.
  id text primary key,
  user_id text not null references identity.user (id) on delete cascade,
  name text not null,
  public_key bytea not null,
  -- Signatures so far, as the authenticator counts; always 0 for those that do not count.
  counter bigint not null,
  transports text[] not null default '{}',
  backed_up boolean not null,
  created_at timestamptz not null,
  last_used_at timestamptz
);
create index passkey_user on identity.passkey (user_id);

create table identity.backup_code (
  user_id text not null references identity.user (id) on delete cascade,
  -- Argon2id under the salt, which the codes of one set share.
  hash bytea not null,
  salt bytea not null,
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (user_id, hash)
);

create table identity.challenge (
  hash bytea primary key,
  purpose text not null check (purpose in ('sign-in', 'passkey', 'passkey-enrol', 'step-up')),
  -- Null where nobody has said yet who they are.
  user_id text references identity.user (id) on delete cascade,
  -- Of a session that already is there.
  session_id text references identity.session (id) on delete cascade,
  -- How the user proved it so far.
  methods text[] not null default '{}',
  client text not null default 'console',
  -- What an authenticator has to sign.
  nonce text,
  tries integer not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index challenge_user on identity.challenge (user_id);
create index challenge_session on identity.challenge (session_id);

-- An administrator asked for new factors; ends with the first that is enrolled.
alter table identity.user add column must_enrol boolean not null default false;
-- What comes before anything else: {second-factor}, {password}.
alter table identity.session add column must text[] not null default '{}';
create trigger session_must_changed after update of must on identity.session
  for each row when (old.must is distinct from new.must)
  execute function identity.tell_user_changed();
