-- contract
-- What a plan looked at, as rows: so that those of one's own reach are found among many by a join.
create table rollout.plan_look (
  plan_id text not null references rollout.plan (id) on delete cascade,
  target_id text not null,
  primary key (plan_id, target_id)
);
create index plan_look_target on rollout.plan_look (target_id);
insert into rollout.plan_look (plan_id, target_id) select distinct plan.id, one from rollout.plan, unnest(looked) as one;
alter table rollout.plan drop column looked;
