-- expand
-- The number of the first checkpoint that a key signs: the one before it, which covers the entry that announces the key, is still signed by the
-- key before. The first key signs from the first on.
alter table audit.signing_key add column signs_from bigint not null default 1;
