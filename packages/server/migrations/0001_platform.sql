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
  retry_at timestamptz not null default '-infinity',
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
-- would miss the late ones. A publisher therefore announces, before it draws, that it will draw above the number it saw last:
-- a shared advisory lock, held to the end of its transaction, that nobody ever waits for. 7450 << 48 keeps the key space ours.
create function platform.publish(event_type text, event_subject text, event_payload jsonb) returns bigint
language plpgsql as $$
declare
  drawn bigint;
begin
  perform pg_advisory_xact_lock_shared((7450::bigint << 48) + (select last_value from platform.event_id_seq));
  insert into platform.event (type, subject, payload) values (event_type, event_subject, event_payload) returning id into drawn;
  perform pg_notify('holdfast_events', '');
  return drawn;
end
$$;

-- The number up to which every event is settled: committed and visible to the next statement, or never to come.
-- The order of the two steps matters: first what was drawn, then who is still at work.
create function platform.settled_until() returns bigint
language plpgsql volatile as $$
declare
  drawn bigint;
  lowest bigint;
begin
  select case when is_called then last_value else 0 end into drawn from platform.event_id_seq;
  select min((classid::bigint << 32) + objid::bigint - (7450::bigint << 48)) into lowest
  from pg_locks
  where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = 7450
    and database = (select oid from pg_database where datname = current_database());
  return least(drawn, lowest);
end
$$;

-- Work that one replica does for all, every so often.
create table platform.turn (
  name text primary key,
  holder text not null,
  held_until timestamptz not null,
  next_at timestamptz not null
);
