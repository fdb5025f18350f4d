-- Accepting a job in one round trip: its row, and the hold of its cost. What the hold refuses
-- (billing/sql/ledger.sql) is raised, so the row goes with it.
--
-- The wallet's row is locked last, and until the commit. Called outside of a transaction the
-- commit follows at once, inside the server: no other job of this wallet waits for a web process
-- that waits for the processor.
CREATE OR REPLACE FUNCTION generations_accept(
    p_id uuid, p_organization uuid, p_created_by bigint, p_api_key uuid,
    p_created_at timestamptz, p_deadline_at timestamptz,
    p_model text, p_input jsonb, p_metadata jsonb, p_idempotency_key text, p_request_hash bytea,
    p_price uuid, p_quoted_seconds integer, p_quoted_micros bigint, p_reference text
) RETURNS billing_standing
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO generations_generation (
        id, organization_id, created_by_id, api_key_id, created_at, deadline_at,
        model, input, metadata, idempotency_key, request_hash,
        price_id, quoted_seconds, quoted_micros, state, note, next_attempt_at,
        error, needs_attention, attempts, polls, media_attempts,
        callback_token_hash, provider_status, provider_media_url)
    VALUES (
        p_id, p_organization, p_created_by, p_api_key, p_created_at, p_deadline_at,
        p_model, p_input, p_metadata, p_idempotency_key, p_request_hash,
        p_price, p_quoted_seconds, p_quoted_micros, 'queued', 'accepted', p_created_at,
        '', '', 0, 0, 0,
        '', '', '');
    RETURN billing_place_hold(p_id, p_organization, p_quoted_micros, p_reference, p_deadline_at);
END $$;
