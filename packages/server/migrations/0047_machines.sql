-- expand
-- A service account's machine gets its first certificate for a token that is good once; later ones by the certificate itself.

create table identity.machine_token (
  hash bytea primary key,
  user_id text not null references identity."user" (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index machine_token_user on identity.machine_token (user_id);
