-- expand
-- The audit trail: severities, search by time and by words, people behind pseudonyms, signed checkpoints, archives.

-- Words of an entry, for free text. What is no letter and no digit divides words.
create function audit.words_of(canonical text) returns tsvector
  language sql immutable strict parallel safe as $$
  select pg_catalog.to_tsvector('pg_catalog.simple'::pg_catalog.regconfig,
    pg_catalog.translate(pg_catalog.replace(canonical, '\n', ' '),
      '"\{}[]()<>:;,./!?@#$%^&*+=|~`''-_', '                                '))
$$;

-- Entries from before this migration tell no severity: they count as info.
alter table audit.entry
  add column severity text not null default 'info' check (severity in ('info', 'warning', 'critical')),
  add column words tsvector generated always as (audit.words_of(canonical)) stored;
alter table audit.pending
  add column severity text not null default 'info' check (severity in ('info', 'warning', 'critical'));

-- Newest first by time, whatever else is asked.
drop index audit.entry_actor, audit.entry_action, audit.entry_subject, audit.entry_at;
create index entry_at on audit.entry (at, seq);
create index entry_actor on audit.entry (actor, at, seq);
create index entry_action on audit.entry (action text_pattern_ops, at, seq);
create index entry_subject on audit.entry (subject, at, seq);
create index entry_severity on audit.entry (severity, at, seq);
create index entry_words on audit.entry using gin (words) with (gin_pending_list_limit = 256);

create or replace function audit.chain() returns trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  next_seq bigint;
  last_hash text;
  next_hash text;
begin
  select h.seq + 1, h.hash into strict next_seq, last_hash from audit.head h for update;
  next_hash := encode(sha256(convert_to(next_seq || E'\n' || last_hash || E'\n' || new.canonical, 'UTF8')), 'hex');
  insert into audit.entry (seq, at, actor, action, subject, severity, reason, request_id, canonical, hash)
    values (next_seq, new.at, new.actor, new.action, new.subject, new.severity, new.reason, new.request_id, new.canonical, next_hash);
  update audit.head set seq = next_seq, hash = next_hash;
  delete from audit.pending where id = new.id;
  return null;
end $$;

-- Who is behind a pseudonym: HMAC-SHA256 of the name under the key. Entries hold pseudonyms only, so that forgetting the row makes them
-- anonymous without changing them. A name may have several: two transactions that meet a new name do not wait for each other.
create table audit.person (
  pseudonym text primary key check (pseudonym ~ '^[0-9a-f]{32}$'),
  name text not null,
  key bytea not null check (length(key) = 32),
  created_at timestamptz not null default now()
);
create index person_name on audit.person (name);
create trigger append_only before update or truncate on audit.person
  for each statement execute function audit.refuse();
alter table audit.person enable always trigger append_only;

-- The only way a person is forgotten; returns the pseudonyms that mean nothing from now on.
create function audit.forget_person(forgotten text) returns setof text
  language sql security definer set search_path = pg_catalog as $$
  delete from audit.person where name = forgotten returning pseudonym
$$;

-- Keys that sign checkpoints. Sealed again under a newer key of the ring: a row with the next version; the newest counts.
create table audit.signing_key (
  id text not null,
  version int not null,
  public_key text not null,
  sealed bytea not null,
  created_at timestamptz not null,
  primary key (id, version)
);

create table audit.checkpoint (
  no bigint primary key,
  seq bigint not null,
  hash text not null,
  at timestamptz not null,
  key_id text not null,
  signature text not null
);
create index checkpoint_seq on audit.checkpoint (seq);
create trigger append_only before update or delete or truncate on audit.checkpoint
  for each statement execute function audit.refuse();
alter table audit.checkpoint enable always trigger append_only;
create trigger append_only before update or delete or truncate on audit.signing_key
  for each statement execute function audit.refuse();
alter table audit.signing_key enable always trigger append_only;

-- Entries that were written to a file and then forgotten here. The chain goes on from the last row.
create table audit.archive (
  last_seq bigint primary key,
  first_seq bigint not null check (first_seq <= last_seq),
  last_hash text not null,
  file text not null,
  sha256 text not null,
  created_at timestamptz not null default now()
);
create trigger append_only before update or delete or truncate on audit.archive
  for each statement execute function audit.refuse();
alter table audit.archive enable always trigger append_only;

-- Entries may go when an archive covers them, and only then.
create function audit.refuse_unarchived() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if exists (select from gone g where g.seq > coalesce((select max(a.last_seq) from audit.archive a), 0) or g.seq < 1) then
    raise exception 'the audit trail is append-only: DELETE on audit.entry is refused for what no archive covers'
      using errcode = 'insufficient_privilege';
  end if;
  return null;
end $$;
drop trigger append_only on audit.entry;
create trigger append_only before update or truncate on audit.entry
  for each statement execute function audit.refuse();
alter table audit.entry enable always trigger append_only;
create trigger archived_only after delete on audit.entry
  referencing old table as gone for each statement execute function audit.refuse_unarchived();
alter table audit.entry enable always trigger archived_only;

-- The only way entries go. Nobody can hide what they just did: entries of the last 30 days (by the database's clock) stay, whoever asks.
create function audit.archive_entries(until_seq bigint, in_file text, file_sha256 text) returns bigint
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  from_seq bigint;
  end_hash text;
  gone bigint;
begin
  lock table audit.archive in share row exclusive mode;
  select coalesce(max(a.last_seq), 0) + 1 into from_seq from audit.archive a;
  select e.hash into end_hash from audit.entry e where e.seq = until_seq;
  if end_hash is null or until_seq < from_seq or not exists (select from audit.entry e where e.seq = from_seq) then
    raise exception 'entries % to % cannot be archived: they are not all there', from_seq, until_seq using errcode = 'check_violation';
  end if;
  if exists (select from audit.entry e where e.seq between from_seq and until_seq and e.at > now() - interval '30 days') then
    raise exception 'entries of the last 30 days cannot be archived' using errcode = 'check_violation';
  end if;
  if not exists (select from audit.checkpoint c where c.seq = until_seq and c.hash = end_hash) then
    raise exception 'entry % is at no signed checkpoint', until_seq using errcode = 'check_violation';
  end if;
  insert into audit.archive (last_seq, first_seq, last_hash, file, sha256) values (until_seq, from_seq, end_hash, in_file, file_sha256);
  delete from audit.entry e where e.seq between from_seq and until_seq;
  get diagnostics gone = row_count;
  if gone <> until_seq - from_seq + 1 then
    raise exception 'entries between % and % are missing', from_seq, until_seq using errcode = 'check_violation';
  end if;
  return gone;
end $$;

revoke execute on function audit.forget_person(text), audit.archive_entries(bigint, text, text) from public;
do $$
begin
  if exists (select from pg_roles where rolname = 'holdfast_app') then
    grant select, insert on audit.person, audit.signing_key, audit.checkpoint to holdfast_app;
    grant select on audit.archive to holdfast_app;
    grant execute on function audit.forget_person(text), audit.archive_entries(bigint, text, text) to holdfast_app;
  end if;
end $$;
