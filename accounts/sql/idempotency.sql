-- The advisory lock of an Idempotency-Key while its first request runs. Two keys that share a hash
-- refuse each other for that moment, and no longer.
CREATE OR REPLACE FUNCTION accounts_act_lock(p_organization uuid, p_key text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hashtextextended(p_organization || ':' || p_key, 20);
$$;
