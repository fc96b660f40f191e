-- expand
-- What a user may do: roles, which administrators may add to, granted everywhere or for what carries some labels. Service accounts beside people.

create table identity.role (
  name text primary key,
  description text not null default '',
  -- Of a role that is always there: null, the program knows. Of a role of one's own: what it may do.
  permissions text[],
  -- Whoever has this role signs in with a second factor.
  second_factor boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
insert into identity.role (name) values ('admin'), ('operator'), ('approver'), ('viewer'), ('auditor');

create table identity.grant (
  user_id text not null references identity.user (id) on delete cascade,
  role text not null references identity.role (name),
  -- A label selector; empty: everywhere.
  selector text not null default '',
  primary key (user_id, role, selector)
);
create index grant_role on identity.grant (role);
insert into identity.grant (user_id, role) select id, role from identity.user;

alter table identity.user
  alter column role drop not null,
  add column kind text not null default 'person' check (kind in ('person', 'service')),
  add column email text,
  -- E-mail addresses differ in case only for their owners' eyes.
  add column email_key text unique,
  add column password_changed_at timestamptz,
  add column password_must_change boolean not null default false,
  add column last_seen_at timestamptz;

alter table identity.session
  -- How the user proved it, e.g. {password,totp}.
  add column methods text[] not null default '{}',
  add column client text not null default 'console' check (client in ('console', 'cli', 'program')),
  add column second_factor_at timestamptz,
  -- When the user last proved it again, for acts that ask for it.
  add column stepped_up_at timestamptz,
  -- Of a session that began at an identity provider: which, and what it calls the session.
  add column provider_id text,
  add column provider_session text;
create index session_provider on identity.session (provider_id, provider_session);
