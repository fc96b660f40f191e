-- expand
-- Answers of requests that came with an Idempotency-Key; kept for 24 hours.
create schema if not exists platform;

create table platform.idempotency_key (
  -- SHA-256 of caller and key. The key itself is not kept: it keys request_hash, so that nobody can guess a request's secrets from its hash.
  id bytea primary key,
  -- HMAC-SHA-256 of method, path and body under the key.
  request_hash bytea not null,
  principal text not null,
  route text not null,
  created_at timestamptz not null default now(),
  -- While the request runs: who runs it, and until when that claim holds without being renewed. Null when it is done.
  holder uuid,
  held_until timestamptz,
  -- The answer. `body` is null when there was none or it is not kept.
  status smallint,
  headers jsonb,
  body text,
  body_kept boolean,
  check ((holder is null) = (held_until is null)),
  check ((holder is null) = (status is not null))
);

create index idempotency_key_created_at on platform.idempotency_key (created_at);
