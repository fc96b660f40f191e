-- expand
-- What an OpenID Connect provider wants to see again when somebody signs out there (id_token_hint), sealed; kept where that is wanted.

alter table identity.session add column provider_hint bytea;
alter table identity.challenge add column provider_hint bytea;
