-- expand
-- Of a redundancy group never two targets change at once, over all rollouts; an approval that was asked for once is asked for again.

-- The one target of a group that is between old and new.
create table rollout.group_hold (
  redundancy_group text primary key,
  rollout_id text not null references rollout.rollout on delete cascade,
  target_id text not null,
  target_name text not null
);
create index group_hold_rollout on rollout.group_hold (rollout_id, target_id);

alter table rollout.rollout add column require_approval boolean not null default false;
update rollout.rollout set require_approval = true where state = 'awaiting_approval' or approved_by is not null;
