-- expand
-- Entries come in the order in which they were recorded; by time only where a span of time is asked for, and for that there is entry_at.
drop index audit.entry_actor, audit.entry_action, audit.entry_subject, audit.entry_severity;
create index entry_actor on audit.entry (actor, seq);
create index entry_action on audit.entry (action text_pattern_ops, seq);
create index entry_subject on audit.entry (subject, seq);
create index entry_severity on audit.entry (severity, seq);
