-- Claiming jobs to send: each organization has so many places at the model, and a job keeps the one
-- it got from its first send until its end, also while it waits to be sent again.

-- The organizations that have jobs waiting for their first send, with the places they have left.
-- Steps from one organization to the next through an index: a long queue of one costs no more
-- than a short one.
CREATE OR REPLACE FUNCTION generations_places(p_at_once integer)
RETURNS TABLE (organization_id uuid, taken bigint, free bigint)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE waiting AS (
        (SELECT g.organization_id FROM generations_generation g
          WHERE g.state = 'queued' AND g.attempts = 0
          ORDER BY g.organization_id LIMIT 1)
        UNION ALL
        SELECT (SELECT g.organization_id FROM generations_generation g
                 WHERE g.state = 'queued' AND g.attempts = 0
                   AND g.organization_id > w.organization_id
                 ORDER BY g.organization_id LIMIT 1)
          FROM waiting w WHERE w.organization_id IS NOT NULL
    )
    SELECT o.id, t.taken, greatest(coalesce(o.generations_at_once, p_at_once) - t.taken, 0)
      FROM waiting w
      JOIN accounts_organization o ON o.id = w.organization_id
     CROSS JOIN LATERAL (
           SELECT count(*) AS taken FROM generations_generation g
            WHERE g.organization_id = o.id AND g.attempts > 0
              AND g.state IN ('queued', 'submitting', 'unconfirmed', 'processing')) t;
$$;

-- Claim one due job for each hash given, or as many as there are: SUBMITTING, with a lease, the
-- attempt counted before the work.
--
-- Those sent before come first (they have their place), then the organization with the fewest at
-- the model, its oldest job. One claim at a time, by a lock that is held for this transaction
-- only: two drains would count the same places. Who comes meanwhile gets nothing and does not wait;
-- rows that someone else has locked are passed over.
CREATE OR REPLACE FUNCTION generations_claim(
    p_hashes bytea[],  -- of the callbacks' tokens
    p_now timestamptz, p_lease_until timestamptz,
    p_deadline timestamptz,  -- counts from the first send
    p_at_once integer  -- of organizations without a limit of their own
) RETURNS TABLE (id uuid, attempts integer, model text, input jsonb, hash bytea)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE v_most integer := cardinality(p_hashes);
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('generations_claim', 0)) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH candidates AS (
        (SELECT g.id, 0::bigint AS turn, g.next_attempt_at
           FROM generations_generation g
          WHERE g.state = 'queued' AND g.attempts > 0
            AND g.next_attempt_at <= p_now AND g.deadline_at > p_now
          ORDER BY g.next_attempt_at LIMIT v_most)
        UNION ALL
        SELECT w.id,
               p.taken + row_number() OVER (PARTITION BY p.organization_id ORDER BY w.id),
               w.next_attempt_at
          FROM generations_places(p_at_once) p
         CROSS JOIN LATERAL (
               SELECT g.id, g.next_attempt_at FROM generations_generation g
                WHERE g.organization_id = p.organization_id
                  AND g.state = 'queued' AND g.attempts = 0
                  AND g.next_attempt_at <= p_now AND g.deadline_at > p_now
                ORDER BY g.id LIMIT least(p.free, v_most)) w
    ), locked AS MATERIALIZED (
        SELECT g.id, c.turn, c.next_attempt_at
          FROM candidates c JOIN generations_generation g ON g.id = c.id
         WHERE g.state = 'queued'
         ORDER BY c.turn, c.next_attempt_at, g.id LIMIT v_most
           FOR NO KEY UPDATE OF g SKIP LOCKED
    )
    UPDATE generations_generation g
       SET state = 'submitting', note = 'being sent', attempts = g.attempts + 1,
           next_attempt_at = NULL, lease_expires_at = p_lease_until,
           deadline_at = CASE WHEN g.attempts = 0 THEN p_deadline ELSE g.deadline_at END,
           callback_token_hash = t.hash
      FROM (SELECT l.id, row_number() OVER (ORDER BY l.turn, l.next_attempt_at, l.id) AS number
              FROM locked l) n
      JOIN unnest(p_hashes) WITH ORDINALITY AS t(hash, number) ON t.number = n.number
     WHERE g.id = n.id
    RETURNING g.id, g.attempts, g.model::text, g.input, t.hash;
END $$;

-- When the next job can be claimed: NULL when none can, however many wait for a place.
CREATE OR REPLACE FUNCTION generations_next_claim(p_now timestamptz, p_at_once integer)
RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT least(
        (SELECT min(g.next_attempt_at) FROM generations_generation g
          WHERE g.state = 'queued' AND g.attempts > 0 AND g.deadline_at > p_now),
        (SELECT min(w.next_attempt_at)
           FROM generations_places(p_at_once) p
          CROSS JOIN LATERAL (
                SELECT g.next_attempt_at FROM generations_generation g
                 WHERE g.organization_id = p.organization_id
                   AND g.state = 'queued' AND g.attempts = 0 AND g.deadline_at > p_now
                 ORDER BY g.id LIMIT 1) w
          WHERE p.free > 0));
$$;
