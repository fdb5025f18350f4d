-- Accepting a job in one round trip: its row, its share of the month's limits, and the hold of its
-- cost. What these refuse (PV010 in accounts/sql/spending.sql, PV001 ... in billing/sql/ledger.sql)
-- is raised, so the row goes with it; and so is
--   PV020 another request with this Idempotency-Key is running: it is not waited for
--   PV021 the key was used at another endpoint
--
-- The wallet's row is locked last, and until the commit. Called outside of a transaction the
-- commit follows at once, inside the server: no other job of this wallet waits for a web process
-- that waits for the processor.
CREATE OR REPLACE FUNCTION generations_accept(
    p_id uuid, p_organization uuid, p_created_by bigint, p_api_key uuid,
    p_created_at timestamptz, p_deadline_at timestamptz,
    p_model text, p_input jsonb, p_metadata jsonb, p_idempotency_key text, p_request_hash bytea,
    p_listeners jsonb,
    p_price uuid, p_quoted_seconds integer, p_quoted_micros bigint, p_reference text
) RETURNS billing_standing
LANGUAGE plpgsql AS $$
DECLARE v_is_new boolean := true;
BEGIN
    IF p_idempotency_key <> '' THEN
        IF NOT pg_try_advisory_xact_lock(accounts_act_lock(p_organization, p_idempotency_key)) THEN
            RAISE EXCEPTION 'the key is in use' USING ERRCODE = 'PV020';
        END IF;
        -- The answer is kept on the job's own row; this says to the other endpoints that the key
        -- is taken.
        INSERT INTO accounts_idempotencyrecord (
            organization_id, key, request_hash, content_type, headers, body, created_at)
        VALUES (p_organization, p_idempotency_key, p_request_hash, '', '{}', '', clock_timestamp())
        ON CONFLICT (organization_id, key) DO NOTHING;
        v_is_new := FOUND;
    END IF;
    INSERT INTO generations_generation (
        id, organization_id, created_by_id, api_key_id, created_at, deadline_at,
        model, input, metadata, idempotency_key, request_hash, listeners,
        price_id, quoted_seconds, quoted_micros, state, note, next_attempt_at,
        error, needs_attention, attempts, polls, media_attempts,
        callback_token_hash, provider_status, provider_media_url)
    VALUES (
        p_id, p_organization, p_created_by, p_api_key, p_created_at, p_deadline_at,
        p_model, p_input, p_metadata, p_idempotency_key, p_request_hash, p_listeners,
        p_price, p_quoted_seconds, p_quoted_micros, 'queued', 'accepted', p_created_at,
        '', '', 0, 0, 0,
        '', '', '');
    IF NOT v_is_new THEN  -- no job has the key: the unique constraint would have said so
        RAISE EXCEPTION 'the key was used elsewhere' USING ERRCODE = 'PV021';
    END IF;
    PERFORM accounts_spend(
        p_organization, p_api_key, p_created_by, p_created_at, p_quoted_micros);
    RETURN billing_place_hold(p_id, p_organization, p_quoted_micros, p_reference, p_deadline_at);
END $$;
