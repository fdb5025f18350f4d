-- What ended in a period, by day, kind and outcome: the one definition of these figures.
--
-- Seconds that the provider made: the asked length where one was asked for, else the finished
-- video's own (as billing/pricing.py rounds it), else what was held. It bills completed jobs; what
-- failed, or expired after it was sent, it may bill. What was never sent, or ended in ERROR, is
-- free.
SELECT (g.completed_at AT TIME ZONE 'UTC')::date AS day, g.model, p.resolution, p.draft, g.state,
       count(*) AS generations,
       count(*) FILTER (
           WHERE g.provider_request_id IS NOT NULL AND g.state <> 'expired'
             AND NOT EXISTS (SELECT FROM generations_providercallback c
                              WHERE c.generation_id = g.id)) AS callbacks_lost,
       coalesce(sum(g.charged_seconds), 0) AS charged_seconds,
       coalesce(sum(g.charged_micros), 0) AS charged_micros,
       coalesce(sum(made.seconds), 0) AS provider_seconds,
       coalesce(sum(made.seconds * p.provider_micros_per_second), 0) AS provider_micros
  FROM generations_generation g
  JOIN billing_price p ON p.id = g.price_id
  LEFT JOIN generations_media m ON m.generation_id = g.id
 CROSS JOIN LATERAL (
       SELECT CASE WHEN g.state NOT IN ('completed', 'failed', 'expired') THEN 0
                   WHEN g.state = 'expired' AND g.provider_request_id IS NULL
                    AND NOT EXISTS (SELECT FROM generations_generationevent e
                                     WHERE e.generation_id = g.id AND e.state = 'unconfirmed')
                   THEN 0  -- it never got there
                   WHEN g.model = 'p-video' AND coalesce(g.input->>'audio', '') = ''
                     OR m.duration_ms IS NULL THEN g.quoted_seconds
                   ELSE greatest(1, ceil((m.duration_ms - 100) / 1000.0))::int
              END AS seconds) made
 WHERE g.completed_at >= %(since)s AND g.completed_at < %(until)s
 GROUP BY 1, g.model, p.resolution, p.draft, g.state
