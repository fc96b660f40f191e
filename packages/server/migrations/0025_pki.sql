-- expand
-- Certificate authorities, what they issued, what they took back. Keys are sealed by the process before they come here.

create schema pki;

create table pki.authority (
  id text primary key,
  role text not null check (role in ('root', 'intermediate', 'ssh')),
  name text not null,
  parent_id text references pki.authority (id),
  trust_domain text not null,
  origin text not null check (origin in ('made', 'imported')),
  -- DER; an SSH authority has none.
  certificate bytea check ((certificate is null) = (role = 'ssh')),
  -- SubjectPublicKeyInfo, DER.
  public_key bytea not null,
  -- PKCS #8, sealed; null when the key is kept elsewhere.
  sealed_key bytea,
  issuing boolean not null,
  not_before timestamptz not null,
  not_after timestamptz,
  created_at timestamptz not null,
  -- Not trusted any more since then.
  retired_at timestamptz check (retired_at is null or not issuing),
  -- The newest certificate revocation list, DER, of an authority whose key was here when it was due.
  crl bytea,
  crl_number bigint not null default 0,
  crl_this_update timestamptz,
  crl_next_update timestamptz
);

create unique index authority_issuing on pki.authority (role) where issuing;

create table pki.certificate (
  id text primary key,
  authority_id text not null references pki.authority (id),
  -- Lower-case hex.
  serial text not null,
  kind text not null check (kind in ('process', 'agent', 'device', 'server')),
  name text not null,
  spiffe_id text,
  dns_names text[] not null,
  addresses text[] not null,
  usages text[] not null,
  der bytea not null,
  -- SHA-256 of the DER, lower-case hex.
  fingerprint text not null,
  -- Its holder renews it by itself.
  automatic boolean not null,
  issued_by text not null,
  not_before timestamptz not null,
  not_after timestamptz not null,
  created_at timestamptz not null,
  revoked_at timestamptz,
  reason text check ((reason is null) = (revoked_at is null)),
  unique (authority_id, serial)
);

create index certificate_revoked on pki.certificate (authority_id) where revoked_at is not null;
create index certificate_name on pki.certificate (kind, name, created_at desc);
create index certificate_end on pki.certificate (not_after);

-- Serial numbers of SSH certificates; which went to whom is in the audit trail.
create sequence pki.ssh_serial;
