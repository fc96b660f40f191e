-- expand
-- What is not as it should be. A row is one episode: when it is resolved it stays as history, and when it comes back that is a new row.

create schema findings;

create table findings.finding (
  id text primary key,
  -- The order of opening.
  seq bigint not null generated always as identity unique,
  fingerprint text not null,
  source text not null,
  -- The observation that keeps it open or resolves it; null for what was raised once.
  scope text,
  kind text not null,
  severity text not null check (severity in ('critical', 'high', 'medium', 'low', 'info')),
  state text not null check (state in ('open', 'acknowledged', 'suppressed', 'resolved')),
  title text not null,
  detail text not null,
  subject text not null,
  subject_name text not null,
  labels jsonb not null,
  evidence jsonb not null,
  occurrences integer not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  resolved_at timestamptz,
  suppressed_until timestamptz,
  note text,
  acknowledged_by text,
  check ((state = 'resolved') = (resolved_at is not null))
);
create unique index finding_live on findings.finding (fingerprint) where state <> 'resolved';
create index finding_history on findings.finding (fingerprint, seq);
create index finding_scope on findings.finding (source, scope) where state <> 'resolved';
create index finding_state on findings.finding (state, seq);
create index finding_subject on findings.finding (subject, seq);
