-- The database as the migrations make it. Generated for reading and review; a test keeps it true.


-- -------------------- assets
create schema assets;
-- grants on schema assets: holdfast=UC/holdfast holdfast_app=U/holdfast

create table assets.asset (
  id text not null,
  kind text not null,
  labels jsonb not null,
  removed_at timestamp with time zone,
  constraint asset_pkey PRIMARY KEY (id)
);
CREATE INDEX asset_labels ON assets.asset USING gin (labels jsonb_path_ops);
-- grants on assets.asset: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast


-- -------------------- audit
create schema audit;
-- grants on schema audit: holdfast=UC/holdfast holdfast_app=U/holdfast

create table audit.archive (
  last_seq bigint not null,
  first_seq bigint not null,
  last_hash text not null,
  file text not null,
  sha256 text not null,
  created_at timestamp with time zone not null default now(),
  constraint archive_pkey PRIMARY KEY (last_seq),
  constraint archive_check CHECK (first_seq <= last_seq)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.archive FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
-- grants on audit.archive: holdfast=arwdDxtm/holdfast holdfast_app=r/holdfast

create table audit.checkpoint (
  no bigint not null,
  seq bigint not null,
  hash text not null,
  at timestamp with time zone not null,
  key_id text not null,
  signature text not null,
  constraint checkpoint_pkey PRIMARY KEY (no)
);
CREATE INDEX checkpoint_seq ON audit.checkpoint USING btree (seq);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
-- grants on audit.checkpoint: holdfast=arwdDxtm/holdfast holdfast_app=ar/holdfast

create table audit.entry (
  seq bigint not null,
  at timestamp with time zone not null,
  actor text not null,
  action text not null,
  subject text not null,
  reason text,
  request_id text,
  canonical text not null,
  hash text not null,
  severity text not null default 'info'::text,
  words tsvector generated always as (audit.words_of(canonical)) stored,
  constraint entry_pkey PRIMARY KEY (seq),
  constraint entry_severity_check CHECK (severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text]))
);
CREATE INDEX entry_action ON audit.entry USING btree (action text_pattern_ops, seq);
CREATE INDEX entry_actor ON audit.entry USING btree (actor, seq);
CREATE INDEX entry_at ON audit.entry USING btree (at, seq);
CREATE INDEX entry_severity ON audit.entry USING btree (severity, seq);
CREATE INDEX entry_subject ON audit.entry USING btree (subject, seq);
CREATE INDEX entry_words ON audit.entry USING gin (words) WITH (gin_pending_list_limit='256');
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit.entry FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
CREATE TRIGGER archived_only AFTER DELETE ON audit.entry REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_unarchived();
-- grants on audit.entry: holdfast=arwdDxtm/holdfast holdfast_app=r/holdfast

create table audit.head (
  only_row boolean not null default true,
  seq bigint not null,
  hash text not null,
  constraint head_pkey PRIMARY KEY (only_row),
  constraint head_only_row_check CHECK (only_row)
);
CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON audit.head FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
CREATE TRIGGER head_steps BEFORE UPDATE ON audit.head FOR EACH ROW WHEN (new.seq IS DISTINCT FROM (old.seq + 1)) EXECUTE FUNCTION audit.refuse();
-- grants on audit.head: holdfast=arwdDxtm/holdfast holdfast_app=r/holdfast

create table audit.pending (
  id bigint not null generated always as identity,
  at timestamp with time zone not null,
  actor text not null,
  action text not null,
  subject text not null,
  reason text,
  request_id text,
  canonical text not null,
  severity text not null default 'info'::text,
  constraint pending_pkey PRIMARY KEY (id),
  constraint pending_severity_check CHECK (severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text]))
);
CREATE CONSTRAINT TRIGGER chain AFTER INSERT ON audit.pending DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.chain();
-- grants on audit.pending: holdfast=arwdDxtm/holdfast holdfast_app=ar/holdfast

create table audit.person (
  pseudonym text not null,
  name text not null,
  key bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint person_pkey PRIMARY KEY (pseudonym),
  constraint person_key_check CHECK (length(key) = 32),
  constraint person_pseudonym_check CHECK (pseudonym ~ '^[0-9a-f]{32}$'::text)
);
CREATE INDEX person_name ON audit.person USING btree (name);
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit.person FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
-- grants on audit.person: holdfast=arwdDxtm/holdfast holdfast_app=ar/holdfast

create table audit.signing_key (
  id text not null,
  version integer not null,
  public_key text not null,
  sealed bytea not null,
  created_at timestamp with time zone not null,
  signs_from bigint not null default 1,
  constraint signing_key_pkey PRIMARY KEY (id, version)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.signing_key FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
-- grants on audit.signing_key: holdfast=arwdDxtm/holdfast holdfast_app=ar/holdfast

CREATE OR REPLACE FUNCTION audit.archive_entries(until_seq bigint, in_file text, file_sha256 text)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION audit.chain()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION audit.forget_person(forgotten text)
 RETURNS SETOF text
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
  delete from audit.person where name = forgotten returning pseudonym
$function$
;

CREATE OR REPLACE FUNCTION audit.refuse()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'the audit trail is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $function$
;

CREATE OR REPLACE FUNCTION audit.refuse_unarchived()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
begin
  if exists (select from gone g where g.seq > coalesce((select max(a.last_seq) from audit.archive a), 0) or g.seq < 1) then
    raise exception 'the audit trail is append-only: DELETE on audit.entry is refused for what no archive covers'
      using errcode = 'insufficient_privilege';
  end if;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION audit.words_of(canonical text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  select pg_catalog.to_tsvector('pg_catalog.simple'::pg_catalog.regconfig,
    pg_catalog.translate(pg_catalog.replace(canonical, '\n', ' '),
      '"\{}[]()<>:;,./!?@#$%^&*+=|~`''-_', '                                '))
$function$
;


-- -------------------- devices
create schema devices;
-- grants on schema devices: holdfast=UC/holdfast holdfast_app=U/holdfast

create table devices.credential_pin (
  device_id text not null,
  secret text not null,
  version integer not null,
  at timestamp with time zone not null,
  constraint credential_pin_pkey PRIMARY KEY (device_id),
  constraint credential_pin_version_check CHECK (version > 0),
  constraint credential_pin_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices.device(id) ON DELETE CASCADE
);
CREATE INDEX credential_pin_secret ON devices.credential_pin USING btree (secret, version);
-- grants on devices.credential_pin: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table devices.device (
  id text not null,
  name text not null,
  platform text not null,
  address text not null,
  port integer not null,
  site text,
  labels jsonb not null,
  redundancy_group text,
  credential text,
  bastion text,
  drift_mode text not null,
  host_key text,
  reachable boolean,
  last_seen_at timestamp with time zone,
  last_problem text,
  expected_hash text,
  expected_version text,
  running_hash text,
  running_version text,
  drifted_since timestamp with time zone,
  backed_up_at timestamp with time zone,
  repository_id text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  version bigint not null default 1,
  mend_hash text,
  mend_at timestamp with time zone,
  constraint device_pkey PRIMARY KEY (id),
  constraint device_name_key UNIQUE (name),
  constraint device_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES devices.repository(id) ON DELETE SET NULL
);
CREATE INDEX device_labels ON devices.device USING gin (labels);
CREATE INDEX device_site ON devices.device USING btree (site, name);
CREATE TRIGGER forget_credential_pin AFTER UPDATE OF credential ON devices.device FOR EACH ROW WHEN (old.credential IS DISTINCT FROM new.credential) EXECUTE FUNCTION devices.forget_credential_pin();
-- grants on devices.device: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table devices.repository (
  id text not null,
  name text not null,
  url text not null,
  branch text not null,
  secret text,
  poll_ms integer not null,
  head text,
  head_subject text,
  head_author text,
  head_at timestamp with time zone,
  fetched_at timestamp with time zone,
  problem text,
  created_at timestamp with time zone not null,
  version bigint not null default 1,
  missing_secret text,
  constraint repository_pkey PRIMARY KEY (id),
  constraint repository_name_key UNIQUE (name)
);
-- grants on devices.repository: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table devices.version (
  id text not null,
  device_id text not null,
  hash text not null,
  at timestamp with time zone not null,
  lines integer not null,
  reason text not null,
  text_sealed bytea not null,
  constraint version_pkey PRIMARY KEY (id),
  constraint version_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices.device(id) ON DELETE CASCADE
);
CREATE INDEX version_newest ON devices.version USING btree (device_id, id DESC);
-- grants on devices.version: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

CREATE OR REPLACE FUNCTION devices.forget_credential_pin()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from devices.credential_pin where device_id = new.id;
  return null;
end $function$
;


-- -------------------- findings
create schema findings;
-- grants on schema findings: holdfast=UC/holdfast holdfast_app=U/holdfast

create table findings.finding (
  id text not null,
  seq bigint not null generated always as identity,
  fingerprint text not null,
  source text not null,
  scope text,
  kind text not null,
  severity text not null,
  state text not null,
  title text not null,
  detail text not null,
  subject text not null,
  subject_name text not null,
  labels jsonb not null,
  evidence jsonb not null,
  occurrences integer not null,
  first_seen_at timestamp with time zone not null,
  last_seen_at timestamp with time zone not null,
  resolved_at timestamp with time zone,
  suppressed_until timestamp with time zone,
  note text,
  acknowledged_by text,
  constraint finding_pkey PRIMARY KEY (id),
  constraint finding_seq_key UNIQUE (seq),
  constraint finding_check CHECK ((state = 'resolved'::text) = (resolved_at IS NOT NULL)),
  constraint finding_severity_check CHECK (severity = ANY (ARRAY['critical'::text, 'high'::text, 'medium'::text, 'low'::text, 'info'::text])),
  constraint finding_state_check CHECK (state = ANY (ARRAY['open'::text, 'acknowledged'::text, 'suppressed'::text, 'resolved'::text]))
);
CREATE INDEX finding_history ON findings.finding USING btree (fingerprint, seq);
CREATE INDEX finding_scope ON findings.finding USING btree (source, scope) WHERE (state <> 'resolved'::text);
CREATE INDEX finding_state ON findings.finding USING btree (state, seq);
CREATE INDEX finding_subject ON findings.finding USING btree (subject, seq);
CREATE UNIQUE INDEX finding_live ON findings.finding USING btree (fingerprint) WHERE (state <> 'resolved'::text);
-- grants on findings.finding: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast


-- -------------------- identity
create schema identity;
-- grants on schema identity: holdfast=UC/holdfast holdfast_app=U/holdfast

create table identity.api_key (
  id text not null,
  user_id text not null,
  name text not null,
  hash bytea not null,
  scopes text[] not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint api_key_pkey PRIMARY KEY (id),
  constraint api_key_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX api_key_user_id ON identity.api_key USING btree (user_id);
CREATE TRIGGER api_key_changed AFTER UPDATE OF revoked_at, expires_at, scopes ON identity.api_key FOR EACH ROW WHEN (old.revoked_at IS DISTINCT FROM new.revoked_at OR old.expires_at IS DISTINCT FROM new.expires_at OR old.scopes IS DISTINCT FROM new.scopes) EXECUTE FUNCTION identity.tell_user_changed();
CREATE TRIGGER api_key_removed AFTER DELETE ON identity.api_key REFERENCING OLD TABLE AS before_change FOR EACH STATEMENT EXECUTE FUNCTION identity.tell_users_changed();
-- grants on identity.api_key: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.attempt (
  bucket text not null,
  tries integer not null,
  since timestamp with time zone not null,
  constraint attempt_pkey PRIMARY KEY (bucket)
);
-- grants on identity.attempt: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.backup_code (
  user_id text not null,
  hash bytea not null,
  salt bytea not null,
  created_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint backup_code_pkey PRIMARY KEY (user_id, hash),
  constraint backup_code_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
-- grants on identity.backup_code: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.challenge (
  hash bytea not null,
  purpose text not null,
  user_id text,
  session_id text,
  methods text[] not null default '{}'::text[],
  client text not null default 'console'::text,
  nonce text,
  tries integer not null default 0,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  provider_id text,
  provider_session text,
  provider_hint bytea,
  constraint challenge_pkey PRIMARY KEY (hash),
  constraint challenge_purpose_check CHECK (purpose = ANY (ARRAY['sign-in'::text, 'passkey'::text, 'passkey-enrol'::text, 'step-up'::text])),
  constraint challenge_session_id_fkey FOREIGN KEY (session_id) REFERENCES identity.session(id) ON DELETE CASCADE,
  constraint challenge_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX challenge_session ON identity.challenge USING btree (session_id);
CREATE INDEX challenge_user ON identity.challenge USING btree (user_id);
-- grants on identity.challenge: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.client_secret (
  id text not null,
  user_id text not null,
  hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  constraint client_secret_pkey PRIMARY KEY (id),
  constraint client_secret_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX client_secret_user_id ON identity.client_secret USING btree (user_id);
-- grants on identity.client_secret: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.device_code (
  hash bytea not null,
  user_code_hash bytea not null,
  client_name text not null,
  address text,
  user_agent text,
  scopes text[] not null default '{}'::text[],
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  interval_s integer not null default 5,
  polled_at timestamp with time zone,
  state text not null default 'asked'::text,
  user_id text,
  methods text[] not null default '{}'::text[],
  second_factor_at timestamp with time zone,
  stepped_up_at timestamp with time zone,
  provider_id text,
  provider_session text,
  constraint device_code_pkey PRIMARY KEY (hash),
  constraint device_code_user_code_hash_key UNIQUE (user_code_hash),
  constraint device_code_state_check CHECK (state = ANY (ARRAY['asked'::text, 'approved'::text, 'denied'::text])),
  constraint device_code_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX device_code_expires ON identity.device_code USING btree (expires_at);
-- grants on identity.device_code: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.external_identity (
  provider_id text not null,
  subject text not null,
  user_id text not null,
  name text not null,
  manages_grants boolean not null,
  created_at timestamp with time zone not null,
  last_seen_at timestamp with time zone,
  constraint external_identity_pkey PRIMARY KEY (provider_id, subject),
  constraint external_identity_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES identity.provider(id) ON DELETE CASCADE,
  constraint external_identity_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX external_identity_user ON identity.external_identity USING btree (user_id);
-- grants on identity.external_identity: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity."grant" (
  user_id text not null,
  role text not null,
  selector text not null default ''::text,
  constraint grant_pkey PRIMARY KEY (user_id, role, selector),
  constraint grant_role_fkey FOREIGN KEY (role) REFERENCES identity.role(name),
  constraint grant_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX grant_role ON identity."grant" USING btree (role);
CREATE TRIGGER grant_added AFTER INSERT ON identity."grant" REFERENCING NEW TABLE AS before_change FOR EACH STATEMENT EXECUTE FUNCTION identity.tell_users_changed();
CREATE TRIGGER grant_changed AFTER UPDATE ON identity."grant" REFERENCING OLD TABLE AS before_change FOR EACH STATEMENT EXECUTE FUNCTION identity.tell_users_changed();
CREATE TRIGGER grant_removed AFTER DELETE ON identity."grant" REFERENCING OLD TABLE AS before_change FOR EACH STATEMENT EXECUTE FUNCTION identity.tell_users_changed();
-- grants on identity."grant": holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.machine_token (
  hash bytea not null,
  user_id text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint machine_token_pkey PRIMARY KEY (hash),
  constraint machine_token_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX machine_token_user ON identity.machine_token USING btree (user_id);
-- grants on identity.machine_token: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.passkey (
  id text not null,
  user_id text not null,
  name text not null,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null default '{}'::text[],
  backed_up boolean not null,
  created_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  constraint passkey_pkey PRIMARY KEY (id),
  constraint passkey_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX passkey_user ON identity.passkey USING btree (user_id);
-- grants on identity.passkey: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.person_token (
  hash bytea not null,
  user_id text not null,
  purpose text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint person_token_pkey PRIMARY KEY (hash),
  constraint person_token_purpose_check CHECK (purpose = ANY (ARRAY['invitation'::text, 'reset'::text])),
  constraint person_token_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX person_token_user ON identity.person_token USING btree (user_id);
-- grants on identity.person_token: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.provider (
  id text not null,
  kind text not null,
  name text not null,
  settings jsonb not null,
  sealed_secret bytea,
  create_users boolean not null,
  group_grants jsonb not null default '[]'::jsonb,
  enabled boolean not null default true,
  version integer not null default 1,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  trusted_contexts jsonb not null default '[]'::jsonb,
  sign_out_there boolean not null default false,
  own_certificate text,
  constraint provider_pkey PRIMARY KEY (id),
  constraint provider_kind_check CHECK (kind = ANY (ARRAY['oidc'::text, 'ldap'::text, 'saml'::text]))
);
-- grants on identity.provider: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.provider_arrival (
  hash bytea not null,
  provider_id text not null,
  proved jsonb not null,
  answers text,
  expires_at timestamp with time zone not null,
  constraint provider_arrival_pkey PRIMARY KEY (hash),
  constraint provider_arrival_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES identity.provider(id) ON DELETE CASCADE
);
-- grants on identity.provider_arrival: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.provider_once (
  provider_id text not null,
  hash bytea not null,
  expires_at timestamp with time zone not null,
  constraint provider_once_pkey PRIMARY KEY (provider_id, hash),
  constraint provider_once_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES identity.provider(id) ON DELETE CASCADE
);
-- grants on identity.provider_once: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.refresh_token (
  hash bytea not null,
  session_id text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint refresh_token_pkey PRIMARY KEY (hash),
  constraint refresh_token_session_id_fkey FOREIGN KEY (session_id) REFERENCES identity.session(id) ON DELETE CASCADE
);
CREATE INDEX refresh_token_session_id ON identity.refresh_token USING btree (session_id);
-- grants on identity.refresh_token: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.role (
  name text not null,
  description text not null default ''::text,
  permissions text[],
  second_factor boolean not null default false,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint role_pkey PRIMARY KEY (name)
);
CREATE TRIGGER role_changed AFTER UPDATE OF permissions, second_factor ON identity.role FOR EACH ROW WHEN (old.permissions IS DISTINCT FROM new.permissions OR old.second_factor IS DISTINCT FROM new.second_factor) EXECUTE FUNCTION identity.tell_everybody_changed('role:any');
-- grants on identity.role: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.session (
  id text not null,
  hash bytea,
  user_id text not null,
  created_at timestamp with time zone not null,
  last_seen_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  address text,
  user_agent text,
  methods text[] not null default '{}'::text[],
  client text not null default 'console'::text,
  second_factor_at timestamp with time zone,
  stepped_up_at timestamp with time zone,
  provider_id text,
  provider_session text,
  scopes text[] not null default '{}'::text[],
  client_secret_id text,
  must text[] not null default '{}'::text[],
  provider_hint bytea,
  constraint session_pkey PRIMARY KEY (id),
  constraint session_hash_key UNIQUE (hash),
  constraint session_client_check CHECK (client = ANY (ARRAY['console'::text, 'cli'::text, 'program'::text])),
  constraint session_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE INDEX session_client_secret ON identity.session USING btree (client_secret_id) WHERE (client_secret_id IS NOT NULL);
CREATE INDEX session_expires ON identity.session USING btree (expires_at);
CREATE INDEX session_provider ON identity.session USING btree (provider_id, provider_session);
CREATE INDEX session_user_id ON identity.session USING btree (user_id);
CREATE TRIGGER session_changed AFTER UPDATE OF hash, expires_at, stepped_up_at, second_factor_at, scopes ON identity.session FOR EACH ROW WHEN (old.hash IS DISTINCT FROM new.hash OR new.expires_at < old.expires_at OR old.scopes IS DISTINCT FROM new.scopes OR old.stepped_up_at IS DISTINCT FROM new.stepped_up_at OR old.second_factor_at IS DISTINCT FROM new.second_factor_at) EXECUTE FUNCTION identity.tell_user_changed();
CREATE TRIGGER session_ended AFTER DELETE ON identity.session REFERENCING OLD TABLE AS before_change FOR EACH STATEMENT EXECUTE FUNCTION identity.tell_users_changed();
CREATE TRIGGER session_must_changed AFTER UPDATE OF must ON identity.session FOR EACH ROW WHEN (old.must IS DISTINCT FROM new.must) EXECUTE FUNCTION identity.tell_user_changed();
-- grants on identity.session: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.setup_token (
  hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint setup_token_pkey PRIMARY KEY (hash)
);
-- grants on identity.setup_token: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.sign_in_link (
  hash bytea not null,
  user_id text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint sign_in_link_pkey PRIMARY KEY (hash),
  constraint sign_in_link_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
-- grants on identity.sign_in_link: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.signing_key (
  id text not null,
  algorithm text not null,
  public_key jsonb,
  sealed_key bytea not null,
  created_at timestamp with time zone not null,
  retired_at timestamp with time zone,
  constraint signing_key_pkey PRIMARY KEY (id),
  constraint signing_key_algorithm_check CHECK (algorithm = ANY (ARRAY['EdDSA'::text, 'HS256'::text]))
);
CREATE TRIGGER signing_key_changed AFTER INSERT OR DELETE OR UPDATE ON identity.signing_key FOR EACH STATEMENT EXECUTE FUNCTION identity.tell_everybody_changed('signing_key:any');
-- grants on identity.signing_key: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity.totp (
  id text not null,
  user_id text not null,
  sealed bytea not null,
  last_step bigint not null default 0,
  created_at timestamp with time zone not null,
  confirmed_at timestamp with time zone,
  constraint totp_pkey PRIMARY KEY (id),
  constraint totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity."user"(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX totp_one_begun ON identity.totp USING btree (user_id) WHERE (confirmed_at IS NULL);
CREATE UNIQUE INDEX totp_one_confirmed ON identity.totp USING btree (user_id) WHERE (confirmed_at IS NOT NULL);
-- grants on identity.totp: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table identity."user" (
  id text not null,
  name text not null,
  name_key text not null,
  password_hash text,
  disabled boolean not null default false,
  version integer not null default 1,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  kind text not null default 'person'::text,
  email text,
  email_key text,
  password_changed_at timestamp with time zone,
  password_must_change boolean not null default false,
  last_seen_at timestamp with time zone,
  must_enrol boolean not null default false,
  constraint user_pkey PRIMARY KEY (id),
  constraint user_email_key_key UNIQUE (email_key),
  constraint user_name_key_key UNIQUE (name_key),
  constraint user_kind_check CHECK (kind = ANY (ARRAY['person'::text, 'service'::text]))
);
CREATE TRIGGER user_changed AFTER UPDATE OF name, kind, disabled, password_must_change ON identity."user" FOR EACH ROW WHEN (old.name IS DISTINCT FROM new.name OR old.kind IS DISTINCT FROM new.kind OR old.disabled IS DISTINCT FROM new.disabled OR old.password_must_change IS DISTINCT FROM new.password_must_change) EXECUTE FUNCTION identity.tell_this_user_changed();
CREATE TRIGGER user_removed AFTER DELETE ON identity."user" FOR EACH ROW EXECUTE FUNCTION identity.tell_this_user_changed();
-- grants on identity."user": holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

CREATE OR REPLACE FUNCTION identity.tell_everybody_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform platform.publish('identity.access.changed', tg_argv[0], '{}');
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION identity.tell_this_user_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform platform.publish('identity.access.changed', 'user:' || old.id, '{}');
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION identity.tell_user_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform platform.publish('identity.access.changed', 'user:' || old.user_id, '{}');
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION identity.tell_users_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  changed text;
begin
  for changed in select distinct user_id from before_change loop
    perform platform.publish('identity.access.changed', 'user:' || changed, '{}');
  end loop;
  return null;
end
$function$
;


-- -------------------- pki
create schema pki;
-- grants on schema pki: holdfast=UC/holdfast holdfast_app=U/holdfast

create sequence pki.ssh_serial;
-- grants on pki.ssh_serial: holdfast=rwU/holdfast holdfast_app=rwU/holdfast

create table pki.authority (
  id text not null,
  role text not null,
  name text not null,
  parent_id text,
  trust_domain text not null,
  origin text not null,
  certificate bytea,
  public_key bytea not null,
  sealed_key bytea,
  issuing boolean not null,
  not_before timestamp with time zone not null,
  not_after timestamp with time zone,
  created_at timestamp with time zone not null,
  retired_at timestamp with time zone,
  crl bytea,
  crl_number bigint not null default 0,
  crl_this_update timestamp with time zone,
  crl_next_update timestamp with time zone,
  constraint authority_pkey PRIMARY KEY (id),
  constraint authority_check CHECK ((certificate IS NULL) = (role = 'ssh'::text)),
  constraint authority_check1 CHECK (retired_at IS NULL OR NOT issuing),
  constraint authority_origin_check CHECK (origin = ANY (ARRAY['made'::text, 'imported'::text])),
  constraint authority_role_check CHECK (role = ANY (ARRAY['root'::text, 'intermediate'::text, 'ssh'::text])),
  constraint authority_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES pki.authority(id)
);
CREATE UNIQUE INDEX authority_issuing ON pki.authority USING btree (role) WHERE issuing;
-- grants on pki.authority: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table pki.certificate (
  id text not null,
  authority_id text not null,
  serial text not null,
  kind text not null,
  name text not null,
  spiffe_id text,
  dns_names text[] not null,
  addresses text[] not null,
  usages text[] not null,
  der bytea not null,
  fingerprint text not null,
  automatic boolean not null,
  issued_by text not null,
  not_before timestamp with time zone not null,
  not_after timestamp with time zone not null,
  created_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  reason text,
  constraint certificate_pkey PRIMARY KEY (id),
  constraint certificate_authority_id_serial_key UNIQUE (authority_id, serial),
  constraint certificate_check CHECK ((reason IS NULL) = (revoked_at IS NULL)),
  constraint certificate_kind_check CHECK (kind = ANY (ARRAY['process'::text, 'agent'::text, 'device'::text, 'server'::text])),
  constraint certificate_authority_id_fkey FOREIGN KEY (authority_id) REFERENCES pki.authority(id)
);
CREATE INDEX certificate_end ON pki.certificate USING btree (not_after);
CREATE INDEX certificate_name ON pki.certificate USING btree (kind, name, created_at DESC);
CREATE INDEX certificate_revoked ON pki.certificate USING btree (authority_id) WHERE (revoked_at IS NOT NULL);
-- grants on pki.certificate: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast


-- -------------------- platform
create schema platform;
-- grants on schema platform: holdfast=UC/holdfast holdfast_app=U/holdfast

create table platform.event (
  id bigint not null generated always as identity,
  type text not null,
  subject text not null,
  payload jsonb not null,
  at timestamp with time zone not null default now(),
  constraint event_pkey PRIMARY KEY (id)
);
CREATE INDEX event_at ON platform.event USING btree (at);
-- grants on platform.event: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table platform.idempotency_key (
  id bytea not null,
  request_hash bytea not null,
  principal text not null,
  route text not null,
  created_at timestamp with time zone not null default now(),
  holder uuid,
  held_until timestamp with time zone,
  status smallint,
  headers jsonb,
  body text,
  body_kept boolean,
  constraint idempotency_key_pkey PRIMARY KEY (id),
  constraint idempotency_key_check CHECK ((holder IS NULL) = (held_until IS NULL)),
  constraint idempotency_key_check1 CHECK ((holder IS NULL) = (status IS NOT NULL))
);
CREATE INDEX idempotency_key_created_at ON platform.idempotency_key USING btree (created_at);
-- grants on platform.idempotency_key: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table platform.migration (
  name text not null,
  kind text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint migration_pkey PRIMARY KEY (name)
);
-- grants on platform.migration: holdfast=arwdDxtm/holdfast holdfast_app=r/holdfast

create table platform.refused_event (
  subscriber text not null,
  event_id bigint not null,
  type text not null,
  subject text not null,
  payload jsonb not null,
  at timestamp with time zone not null,
  error text not null,
  refused_at timestamp with time zone not null default now(),
  constraint refused_event_pkey PRIMARY KEY (subscriber, event_id),
  constraint refused_event_subscriber_fkey FOREIGN KEY (subscriber) REFERENCES platform.subscriber(name) ON DELETE CASCADE
);
-- grants on platform.refused_event: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table platform.subscriber (
  name text not null,
  done_until bigint not null default 0,
  failures integer not null default 0,
  retry_at timestamp with time zone,
  updated_at timestamp with time zone not null default now(),
  constraint subscriber_pkey PRIMARY KEY (name)
);
-- grants on platform.subscriber: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table platform.turn (
  name text not null,
  holder text not null,
  held_until timestamp with time zone not null,
  next_at timestamp with time zone not null,
  constraint turn_pkey PRIMARY KEY (name)
);
-- grants on platform.turn: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

CREATE OR REPLACE FUNCTION platform.publish(event_type text, event_subject text, event_payload jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION platform.settled(OUT settled_until bigint, OUT drawn_until bigint)
 RETURNS record
 LANGUAGE plpgsql
AS $function$
begin
  select case when is_called then last_value else 0 end into drawn_until from platform.event_id_seq;
  select least(drawn_until, min((classid::bigint << 32) + objid::bigint - (7450::bigint << 48))) into settled_until
  from pg_locks
  where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = 7450
    and database = (select oid from pg_database where datname = current_database());
end
$function$
;


-- -------------------- rollout
create schema rollout;
-- grants on schema rollout: holdfast=UC/holdfast holdfast_app=U/holdfast

create sequence rollout.fencing;
-- grants on rollout.fencing: holdfast=rwU/holdfast holdfast_app=rwU/holdfast

create table rollout.group_hold (
  redundancy_group text not null,
  rollout_id text not null,
  target_id text not null,
  target_name text not null,
  constraint group_hold_pkey PRIMARY KEY (redundancy_group),
  constraint group_hold_rollout_id_fkey FOREIGN KEY (rollout_id) REFERENCES rollout.rollout(id) ON DELETE CASCADE
);
CREATE INDEX group_hold_rollout ON rollout.group_hold USING btree (rollout_id, target_id);
-- grants on rollout.group_hold: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table rollout.hold (
  target_id text not null,
  rollout_id text not null,
  constraint hold_pkey PRIMARY KEY (target_id),
  constraint hold_rollout_id_fkey FOREIGN KEY (rollout_id) REFERENCES rollout.rollout(id) ON DELETE CASCADE
);
CREATE INDEX hold_rollout ON rollout.hold USING btree (rollout_id);
-- grants on rollout.hold: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table rollout.journal (
  seq bigint not null generated always as identity,
  rollout_id text not null,
  at timestamp with time zone not null,
  target_id text,
  step text not null,
  phase text not null,
  fencing bigint not null,
  say text not null,
  detail jsonb,
  constraint journal_pkey PRIMARY KEY (seq),
  constraint journal_rollout_id_fkey FOREIGN KEY (rollout_id) REFERENCES rollout.rollout(id) ON DELETE CASCADE
);
CREATE INDEX journal_rollout ON rollout.journal USING btree (rollout_id, seq);
CREATE INDEX journal_target ON rollout.journal USING btree (rollout_id, target_id, seq);
-- grants on rollout.journal: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table rollout.plan (
  id text not null,
  hash text not null,
  origin text not null,
  title text not null,
  repository text,
  revision text,
  unchanged integer not null,
  problems jsonb not null,
  created_at timestamp with time zone not null,
  created_by text not null,
  strategies jsonb not null default '[]'::jsonb,
  limits jsonb not null default '{}'::jsonb,
  constraint plan_pkey PRIMARY KEY (id)
);
CREATE INDEX plan_newest ON rollout.plan USING btree (created_at DESC, id DESC);
-- grants on rollout.plan: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table rollout.plan_change (
  plan_id text not null,
  target_id text not null,
  "position" integer not null,
  kind text not null,
  target jsonb not null,
  summary text not null,
  diff jsonb not null,
  added integer not null,
  removed integer not null,
  base_hash text not null,
  payload_sealed bytea not null,
  constraint plan_change_pkey PRIMARY KEY (plan_id, target_id),
  constraint plan_change_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES rollout.plan(id) ON DELETE CASCADE
);
CREATE INDEX plan_change_target ON rollout.plan_change USING btree (target_id);
-- grants on rollout.plan_change: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table rollout.plan_look (
  plan_id text not null,
  target_id text not null,
  constraint plan_look_pkey PRIMARY KEY (plan_id, target_id),
  constraint plan_look_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES rollout.plan(id) ON DELETE CASCADE
);
CREATE INDEX plan_look_target ON rollout.plan_look USING btree (target_id);
-- grants on rollout.plan_look: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table rollout.rollout (
  id text not null,
  plan_id text not null,
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
  created_at timestamp with time zone not null,
  created_by text not null,
  approved_by text,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  revert_of text,
  version bigint not null default 1,
  fencing bigint not null default 0,
  worker text,
  leased_until timestamp with time zone,
  strategy_from jsonb,
  require_approval boolean not null default false,
  constraint rollout_pkey PRIMARY KEY (id),
  constraint rollout_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES rollout.plan(id)
);
CREATE INDEX rollout_newest ON rollout.rollout USING btree (created_at DESC, id DESC);
CREATE INDEX rollout_open ON rollout.rollout USING btree (state) WHERE (state <> ALL (ARRAY['succeeded'::text, 'reverted'::text]));
CREATE INDEX rollout_plan ON rollout.rollout USING btree (plan_id, id DESC);
-- grants on rollout.rollout: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table rollout.target (
  rollout_id text not null,
  target_id text not null,
  "position" integer not null,
  site text,
  machine jsonb not null,
  updated_at timestamp with time zone,
  constraint target_pkey PRIMARY KEY (rollout_id, target_id),
  constraint target_rollout_id_fkey FOREIGN KEY (rollout_id) REFERENCES rollout.rollout(id) ON DELETE CASCADE
);
CREATE INDEX target_target ON rollout.target USING btree (target_id);
-- grants on rollout.target: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast


-- -------------------- secrets
create schema secrets;
-- grants on schema secrets: holdfast=UC/holdfast holdfast_app=U/holdfast

create table secrets.key (
  id text not null,
  fingerprint bytea not null,
  created_at timestamp with time zone not null,
  constraint key_pkey PRIMARY KEY (id)
);
-- grants on secrets.key: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table secrets.lease (
  id text not null,
  secret text not null,
  version integer,
  engine text not null,
  vault_lease text,
  holder text not null,
  purpose text not null,
  issued_at timestamp with time zone not null,
  renewed_at timestamp with time zone,
  expires_at timestamp with time zone not null,
  ends_by timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint lease_pkey PRIMARY KEY (id),
  constraint lease_engine_check CHECK (engine = ANY (ARRAY['builtin'::text, 'vault'::text]))
);
CREATE INDEX lease_by_end ON secrets.lease USING btree (expires_at DESC, id);
-- grants on secrets.lease: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table secrets.secret (
  id text not null,
  name text not null,
  kind text not null,
  username text,
  version integer not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  engine text not null default 'builtin'::text,
  vault_path text,
  expires_at timestamp with time zone,
  constraint secret_pkey PRIMARY KEY (id),
  constraint secret_name_key UNIQUE (name),
  constraint secret_engine_check CHECK (engine = ANY (ARRAY['builtin'::text, 'vault'::text])),
  constraint secret_kind_check CHECK (kind = ANY (ARRAY['password'::text, 'ssh_key'::text, 'ssh_ca'::text, 'git_https'::text, 'git_ssh'::text])),
  constraint secret_version_check CHECK (version > 0)
);
-- grants on secrets.secret: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast

create table secrets.version (
  secret_id text not null,
  version integer not null,
  sealed bytea,
  created_at timestamp with time zone not null,
  engine text not null default 'builtin'::text,
  vault_version integer,
  created_by text,
  destroyed_at timestamp with time zone,
  constraint version_pkey PRIMARY KEY (secret_id, version),
  constraint version_engine_check CHECK (engine = ANY (ARRAY['builtin'::text, 'vault'::text])),
  constraint version_value_is_in_one_place CHECK (
CASE
    WHEN destroyed_at IS NULL THEN num_nonnulls(sealed, vault_version) = 1
    ELSE sealed IS NULL
END),
  constraint version_vault_version_check CHECK (vault_version >= 0),
  constraint version_secret_id_fkey FOREIGN KEY (secret_id) REFERENCES secrets.secret(id) ON DELETE CASCADE
);
-- grants on secrets.version: holdfast=arwdDxtm/holdfast holdfast_app=arwd/holdfast
