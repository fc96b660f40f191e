-- expand
-- The audit trail. Writers insert into audit.pending; at their commit the chain trigger gives each row its place:
-- the head row is locked only for the commit itself, so that audited transactions neither wait for each other's
-- work nor deadlock, seq has no gaps, and a rollback leaves nothing.

create schema audit;

create table audit.entry (
  seq bigint primary key,
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject text not null,
  reason text,
  request_id text,
  canonical text not null,
  hash text not null
);
create index entry_actor on audit.entry (actor, seq);
create index entry_action on audit.entry (action text_pattern_ops, seq);
create index entry_subject on audit.entry (subject, seq);
create index entry_at on audit.entry (at);

-- The end of the chain as it was last written: a cut tail disagrees with it.
create table audit.head (
  only_row boolean primary key default true check (only_row),
  seq bigint not null,
  hash text not null
);
insert into audit.head (seq, hash) values (0, repeat('0', 64));

create table audit.pending (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject text not null,
  reason text,
  request_id text,
  canonical text not null
);

-- hash = SHA-256 of seq, the hash before, and the canonical text, each on its own line.
create function audit.chain() returns trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  next_seq bigint;
  last_hash text;
  next_hash text;
begin
  select h.seq + 1, h.hash into strict next_seq, last_hash from audit.head h for update;
  next_hash := encode(sha256(convert_to(next_seq || E'\n' || last_hash || E'\n' || new.canonical, 'UTF8')), 'hex');
  insert into audit.entry (seq, at, actor, action, subject, reason, request_id, canonical, hash)
    values (next_seq, new.at, new.actor, new.action, new.subject, new.reason, new.request_id, new.canonical, next_hash);
  update audit.head set seq = next_seq, hash = next_hash;
  delete from audit.pending where id = new.id;
  return null;
end $$;

create constraint trigger chain after insert on audit.pending
  deferrable initially deferred for each row execute function audit.chain();
alter table audit.pending enable always trigger chain;

create function audit.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete or truncate on audit.entry
  for each statement execute function audit.refuse();
alter table audit.entry enable always trigger append_only;

create trigger head_stays before delete or truncate on audit.head
  for each statement execute function audit.refuse();
alter table audit.head enable always trigger head_stays;

create trigger head_steps before update on audit.head
  for each row when (new.seq is distinct from old.seq + 1) execute function audit.refuse();
alter table audit.head enable always trigger head_steps;

-- A role for processes that do not migrate: it may record and read, and has no right to change what is recorded.
-- A user who may not create roles migrates all the same; the triggers hold in either case.
do $$
begin
  if not exists (select from pg_roles where rolname = 'holdfast_app') then
    create role holdfast_app nologin;
  end if;
exception
  when insufficient_privilege or duplicate_object or unique_violation then
    raise notice 'role holdfast_app was not created: %', sqlerrm;
end $$;
do $$
begin
  if exists (select from pg_roles where rolname = 'holdfast_app') then
    grant usage on schema audit to holdfast_app;
    grant select on audit.entry, audit.head to holdfast_app;
    grant insert on audit.pending to holdfast_app;
  end if;
end $$;
