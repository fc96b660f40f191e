-- expand
-- A plan keeps the strategies and limits of its repository's policies; a rollout keeps where its strategy was taken from.

alter table rollout.plan
  add column strategies jsonb not null default '[]',
  add column limits jsonb not null default '{}';
alter table rollout.rollout add column strategy_from jsonb;
create index rollout_plan on rollout.rollout (plan_id, id desc);
