-- expand
-- A credential may name the SSH authority: then each sign-in gets a certificate of its own, and nothing secret is kept.

alter table secrets.secret
  drop constraint secret_kind_check,
  add constraint secret_kind_check check (kind in ('password', 'ssh_key', 'ssh_ca', 'git_https', 'git_ssh'));
