-- expand
-- One-time tokens by which a person sets a password: an invitation, a reset.

create table identity.person_token (
  hash bytea primary key,
  user_id text not null references identity.user (id) on delete cascade,
  purpose text not null check (purpose in ('invitation', 'reset')),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index person_token_user on identity.person_token (user_id);
