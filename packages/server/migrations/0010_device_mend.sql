-- expand
-- What drift mode `revert` tried last: the running configuration that was to be taken back, and when.

alter table devices.device
  add column mend_hash text,
  add column mend_at timestamptz;
