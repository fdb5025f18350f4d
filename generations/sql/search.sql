-- What a search looks in, and its index.
--
-- A job's row is written anew at each step, and each time every index is; so only jobs that have
-- ended are in this one: once each. The few that are open are read without it
-- (generations/finding.py, whose conditions have to imply the index's own).
CREATE OR REPLACE FUNCTION generations_words(input jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ' ' || coalesce(input ->> 'prompt', '') || ' ' || coalesce(input ->> 'voice_script', '')
        || ' ' || coalesce(input ->> 'video_prompt', '')
$$;
CREATE INDEX generations_search ON generations_generation
    USING gin (organization_id, generations_words(input) gin_trgm_ops)
    WITH (gin_pending_list_limit = 256)
    WHERE deleted_at IS NULL AND state IN ('completed', 'failed', 'error', 'canceled', 'expired');
