-- expand

-- Outbox of events. Written only through platform.publish.
create table platform.event (
  id bigint generated always as identity primary key,
  type text not null,
  subject text not null,
  payload jsonb not null,
  at timestamptz not null default now()
);
create index event_at on platform.event (at);

-- How far each subscriber has come, and how it fares with the event after that.
create table platform.subscriber (
  name text primary key,
  done_until bigint not null default 0,
  failures int not null default 0,
  retry_at timestamptz,
  updated_at timestamptz not null default now()
);

-- Events that a subscriber could not take after many attempts; kept for a person to look at.
create table platform.refused_event (
  subscriber text not null references platform.subscriber (name) on delete cascade,
  event_id bigint not null,
  type text not null,
  subject text not null,
  payload jsonb not null,
  at timestamptz not null,
  error text not null,
  refused_at timestamptz not null default now(),
  primary key (subscriber, event_id)
);

-- Numbers are drawn in one order and transactions commit in another, so a reader that goes by the highest number it saw
-- would miss the late ones. A transaction therefore announces, before its first draw, the highest number drawn so far: its
-- own will all be above. The announcement is a shared advisory lock, held to the end of the transaction, which nobody ever
-- waits for. 7450 << 48 keeps its key apart from those of other uses.
create function platform.publish(event_type text, event_subject text, event_payload jsonb) returns bigint
language plpgsql as $$
declare
  drawn bigint;
begin
  if current_setting('holdfast.publishing', true) is distinct from 'yes' then
    perform pg_advisory_xact_lock_shared((7450::bigint << 48) + (select case when is_called then last_value else 0 end from platform.event_id_seq));
    perform set_config('holdfast.publishing', 'yes', true);
  end if;
  insert into platform.event (type, subject, payload) values (event_type, event_subject, event_payload) returning id into drawn;
  perform pg_notify('holdfast_events', '');
  return drawn;
end
$$;

-- settled_until: up to there every event is committed and visible to the next statement, or will never be.
-- The order of the two steps matters: first what was drawn, then who is still at work.
create function platform.settled(out settled_until bigint, out drawn_until bigint)
language plpgsql volatile as $$
begin
  select case when is_called then last_value else 0 end into drawn_until from platform.event_id_seq;
  select least(drawn_until, min((classid::bigint << 32) + objid::bigint - (7450::bigint << 48))) into settled_until
  from pg_locks
  where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = 7450
    and database = (select oid from pg_database where datname = current_database());
end
$$;

-- Work that one replica does for all, every so often.
create table platform.turn (
  name text primary key,
  holder text not null,
  held_until timestamptz not null,
  next_at timestamptz not null
);
