-- contract
-- A user's one role, which grants have replaced.

alter table identity.user drop column role;
