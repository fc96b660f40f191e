-- expand
-- Whether something is in somebody's reach is asked of the labels that it has now: these.
create schema assets;

create table assets.asset (
  id text primary key,
  kind text not null,
  labels jsonb not null,
  removed_at timestamptz
);
create index asset_labels on assets.asset using gin (labels jsonb_path_ops);

insert into assets.asset (id, kind, labels)
select id, 'device', (labels - 'name' - 'platform' - 'site') || jsonb_strip_nulls(jsonb_build_object('name', name, 'platform', platform, 'site', site))
from devices.device;

-- All that a plan looked at, also what needed no change: whose plan it is to see.
alter table rollout.plan add column looked text[] not null default '{}';
update rollout.plan set looked = array(select target_id from rollout.plan_change where plan_id = plan.id order by position);

-- From a target to the plans and rollouts that it is in.
create index plan_change_target on rollout.plan_change (target_id);
create index target_target on rollout.target (target_id);
