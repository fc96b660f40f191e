-- expand
-- Versions say who made them, where their value is kept, and whether it was destroyed; leases are hand-outs with an end.

alter table secrets.secret
  -- Where the newest version is kept, and its path in Vault if any version is there.
  add column engine text not null default 'builtin' check (engine in ('builtin', 'vault')),
  add column vault_path text,
  add column expires_at timestamptz;

alter table secrets.version
  alter column sealed drop not null,
  add column engine text not null default 'builtin' check (engine in ('builtin', 'vault')),
  -- Its number in Vault; 0 where Vault keeps no versions (KV version 1).
  add column vault_version integer check (vault_version >= 0),
  add column created_by text,
  add column destroyed_at timestamptz,
  add constraint version_value_is_in_one_place check (
    case when destroyed_at is null then num_nonnulls(sealed, vault_version) = 1 else sealed is null end
  );

create table secrets.lease (
  id text primary key,
  -- A name, or a reference such as vault:database/creds/reader.
  secret text not null,
  version integer,
  engine text not null check (engine in ('builtin', 'vault')),
  vault_lease text,
  holder text not null,
  purpose text not null,
  issued_at timestamptz not null,
  renewed_at timestamptz,
  expires_at timestamptz not null,
  ends_by timestamptz,
  revoked_at timestamptz
);

create index lease_by_end on secrets.lease (expires_at desc, id);
