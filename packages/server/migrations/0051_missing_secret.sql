-- expand
-- The secret that a repository's devices name and nobody has stored, where that is why its last fetch failed.
alter table devices.repository add column missing_secret text;
