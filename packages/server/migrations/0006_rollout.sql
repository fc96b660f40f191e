-- expand
-- Plans, rollouts, and the journal that tells at any moment what was begun and what was done.

create schema rollout;

create table rollout.plan (
  id text primary key,
  hash text not null,
  origin text not null,
  title text not null,
  repository text,
  revision text,
  unchanged integer not null,
  problems jsonb not null,
  created_at timestamptz not null,
  created_by text not null
);
create index plan_newest on rollout.plan (created_at desc, id desc);

create table rollout.plan_change (
  plan_id text not null references rollout.plan on delete cascade,
  target_id text not null,
  position integer not null,
  kind text not null,
  target jsonb not null,
  summary text not null,
  diff jsonb not null,
  added integer not null,
  removed integer not null,
  base_hash text not null,
  payload_sealed bytea not null,
  primary key (plan_id, target_id)
);

-- Rises with every take-over of a rollout by a controller, over all rollouts.
create sequence rollout.fencing;

create table rollout.rollout (
  id text primary key,
  plan_id text not null references rollout.plan,
  plan_hash text not null,
  title text not null,
  state text not null,
  strategy jsonb not null,
  limits jsonb not null,
  waves jsonb not null,
  auto_start boolean not null,
  parallel integer not null,
  touches integer not null,
  halt_reason text,
  created_at timestamptz not null,
  created_by text not null,
  approved_by text,
  started_at timestamptz,
  ended_at timestamptz,
  revert_of text,
  version bigint not null default 1,
  fencing bigint not null default 0,
  worker text,
  leased_until timestamptz
);
create index rollout_newest on rollout.rollout (created_at desc, id desc);
create index rollout_open on rollout.rollout (state) where state not in ('succeeded', 'reverted');

create table rollout.target (
  rollout_id text not null references rollout.rollout on delete cascade,
  target_id text not null,
  position integer not null,
  site text,
  machine jsonb not null,
  updated_at timestamptz,
  primary key (rollout_id, target_id)
);

-- Which rollout may drive a target: one at a time.
create table rollout.hold (
  target_id text primary key,
  rollout_id text not null references rollout.rollout on delete cascade
);
create index hold_rollout on rollout.hold (rollout_id);

create table rollout.journal (
  seq bigint generated always as identity primary key,
  rollout_id text not null references rollout.rollout on delete cascade,
  at timestamptz not null,
  target_id text,
  step text not null,
  phase text not null,
  fencing bigint not null,
  say text not null,
  detail jsonb
);
create index journal_rollout on rollout.journal (rollout_id, seq);
create index journal_target on rollout.journal (rollout_id, target_id, seq);
