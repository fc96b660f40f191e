-- expand
-- A device that is given another secret, or its secret again after it had none, is signed in to with the newest version.

create function devices.forget_credential_pin() returns trigger language plpgsql as $$
begin
  delete from devices.credential_pin where device_id = new.id;
  return null;
end $$;
create trigger forget_credential_pin after update of credential on devices.device
  for each row when (old.credential is distinct from new.credential) execute function devices.forget_credential_pin();
