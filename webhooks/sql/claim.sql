-- How many more of a lane may be under way.
CREATE OR REPLACE FUNCTION webhooks_places(p_lane uuid, p_failing boolean, p_per_lane integer)
RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT greatest(0, CASE WHEN p_failing THEN 1 ELSE p_per_lane END - count(*))
      FROM webhooks_delivery WHERE state = 'delivering' AND lane = p_lane
$$;

-- Which deliveries are taken on: fairly by lane (an endpoint, or hosts of one organization), and
-- never more of a lane at once than it may have. A lane that has been failing has one place, and
-- all such lanes together only a share of the places: however many endpoints hang, the others go on.
-- One organization has a share too, and who has fewer under way comes first: however many endpoints
-- it has, and however slow, the others go on.
--
-- The caller holds the claim's advisory lock, so that the counts are exact.
CREATE OR REPLACE FUNCTION webhooks_claim(
    p_limit integer, p_failing integer, p_per_organization integer, p_per_lane integer,
    p_lease_seconds integer
) RETURNS TABLE (delivery_id uuid)
LANGUAGE sql AS $$
    -- A loose index scan: one look into webhooks_due for each lane, however long its backlog.
    WITH RECURSIVE lanes AS (
        (SELECT lane FROM webhooks_delivery WHERE state = 'pending' ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT d.lane FROM webhooks_delivery d
                 WHERE d.state = 'pending' AND d.lane > lanes.lane ORDER BY d.lane LIMIT 1)
          FROM lanes WHERE lanes.lane IS NOT NULL),
    under_way AS (
        SELECT d.organization_id, count(*) AS places, count(*) FILTER (WHERE CASE
               WHEN e.id IS NULL THEN d.attempts > 1 ELSE e.failing_since IS NOT NULL END) AS failing
          FROM webhooks_delivery d
          LEFT JOIN webhooks_endpoint e ON e.id = d.lane
         WHERE d.state = 'delivering' GROUP BY d.organization_id),
    due AS (
        SELECT d.id, d.organization_id, d.next_attempt_at,
               CASE WHEN e.id IS NULL THEN d.attempts > 0 ELSE e.failing_since IS NOT NULL END AS failing
          FROM lanes
          LEFT JOIN webhooks_endpoint e ON e.id = lanes.lane
         CROSS JOIN LATERAL (
               SELECT id, organization_id, next_attempt_at, attempts FROM webhooks_delivery
                WHERE state = 'pending' AND lane = lanes.lane
                  AND next_attempt_at <= clock_timestamp()
                ORDER BY next_attempt_at
                LIMIT webhooks_places(lanes.lane, e.failing_since IS NOT NULL, p_per_lane)) d
         WHERE lanes.lane IS NOT NULL AND e.disabled_at IS NULL AND e.deleted_at IS NULL),
    turns AS (
        SELECT due.*, coalesce(under_way.places, 0) + row_number() OVER (
                   PARTITION BY organization_id ORDER BY due.failing, next_attempt_at) AS turn
          FROM due LEFT JOIN under_way USING (organization_id)),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY failing ORDER BY turn, next_attempt_at) AS place
          FROM turns WHERE turn <= p_per_organization),
    chosen AS (
        SELECT id FROM ranked
         WHERE NOT failing OR place <= p_failing - (SELECT coalesce(sum(failing), 0) FROM under_way)
         ORDER BY turn, next_attempt_at LIMIT p_limit),
    locked AS (
        SELECT d.id FROM webhooks_delivery d JOIN chosen USING (id)
         WHERE d.state = 'pending' FOR NO KEY UPDATE OF d SKIP LOCKED)
    UPDATE webhooks_delivery d
       SET state = 'delivering', attempts = d.attempts + 1, next_attempt_at = NULL,
           lease_expires_at = clock_timestamp() + p_lease_seconds * interval '1 second'
      FROM locked WHERE d.id = locked.id
    RETURNING d.id
$$;

-- When the next delivery falls due that has a place in its lane; NULL for none.
CREATE OR REPLACE FUNCTION webhooks_next_due(p_per_lane integer) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE lanes AS (
        (SELECT lane, next_attempt_at FROM webhooks_delivery
          WHERE state = 'pending' ORDER BY lane, next_attempt_at LIMIT 1)
        UNION ALL
        SELECT d.lane, d.next_attempt_at
          FROM lanes CROSS JOIN LATERAL (
               SELECT lane, next_attempt_at FROM webhooks_delivery
                WHERE state = 'pending' AND lane > lanes.lane
                ORDER BY lane, next_attempt_at LIMIT 1) d)
    SELECT min(lanes.next_attempt_at)
      FROM lanes LEFT JOIN webhooks_endpoint e ON e.id = lanes.lane
     WHERE e.disabled_at IS NULL AND e.deleted_at IS NULL
       AND webhooks_places(lanes.lane, e.failing_since IS NOT NULL, p_per_lane) > 0
$$;
