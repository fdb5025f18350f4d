-- For one history, {table}: the indexes of the trail, the guard that row triggers leave out, and
-- what there was when the history began.
CREATE INDEX {table}_object ON {table} ((pgh_obj_id::text));
CREATE INDEX {table}_actor ON {table} (((pgh_context ->> 'user')::bigint), pgh_created_at DESC);
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION backoffice_refuse_change();
