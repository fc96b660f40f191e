-- expand
-- A secret that many devices share is exchanged on them one by one: until a device has the newest version, this says which one it has.

create table devices.credential_pin (
  device_id text primary key references devices.device (id) on delete cascade,
  secret text not null,
  version integer not null check (version > 0),
  at timestamptz not null
);
create index credential_pin_secret on devices.credential_pin (secret, version);
