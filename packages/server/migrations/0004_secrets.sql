-- expand
-- Named secrets, each with versions; values are sealed by the process before they come here.

create schema secrets;

create table secrets.secret (
  id text primary key,
  name text not null unique,
  kind text not null check (kind in ('password', 'ssh_key', 'git_https', 'git_ssh')),
  username text,
  version integer not null check (version > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table secrets.version (
  secret_id text not null references secrets.secret (id) on delete cascade,
  version integer not null,
  sealed bytea not null,
  created_at timestamptz not null,
  primary key (secret_id, version)
);

-- The keys that values of this database were sealed under; a fingerprint, never a key.
create table secrets.key (
  id text primary key,
  fingerprint bytea not null,
  created_at timestamptz not null
);
