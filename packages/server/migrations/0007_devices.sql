-- expand
-- Inventory, kept running configurations (sealed), repositories of intent.

create schema devices;

create table devices.repository (
  id text primary key,
  name text not null unique,
  url text not null,
  branch text not null,
  secret text,
  poll_ms integer not null,
  head text,
  head_subject text,
  head_author text,
  head_at timestamptz,
  fetched_at timestamptz,
  problem text,
  created_at timestamptz not null,
  version bigint not null default 1
);

create table devices.device (
  id text primary key,
  name text not null unique,
  platform text not null,
  address text not null,
  port integer not null,
  site text,
  labels jsonb not null,
  redundancy_group text,
  credential text,
  bastion text,
  drift_mode text not null,
  host_key text,
  reachable boolean,
  last_seen_at timestamptz,
  last_problem text,
  -- Hash of the configuration that the device ought to have: what the last rollout left, or what was there first.
  expected_hash text,
  -- The kept version that has this hash.
  expected_version text,
  running_hash text,
  running_version text,
  drifted_since timestamptz,
  backed_up_at timestamptz,
  -- The repository whose inventory this device comes from; null when it was added by hand.
  repository_id text references devices.repository on delete set null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version bigint not null default 1
);
create index device_site on devices.device (site, name);
create index device_labels on devices.device using gin (labels);

create table devices.version (
  id text primary key,
  device_id text not null references devices.device on delete cascade,
  hash text not null,
  at timestamptz not null,
  lines integer not null,
  reason text not null,
  -- Full fidelity, sealed: it holds passwords and keys.
  text_sealed bytea not null
);
create index version_newest on devices.version (device_id, id desc);
