-- What the provider bills, or may bill, and no customer pays: one row a generation and kind.
WITH ended AS (
    SELECT g.*, p.provider_micros_per_second AS rate, m.generation_id IS NOT NULL AS has_video,
           CASE WHEN g.model = 'p-video' AND coalesce(g.input->>'audio', '') = ''
                  OR m.duration_ms IS NULL THEN g.quoted_seconds
                ELSE greatest(1, ceil((m.duration_ms - 100) / 1000.0))::int END AS made
      FROM generations_generation g
      JOIN billing_price p ON p.id = g.price_id
      LEFT JOIN generations_media m ON m.generation_id = g.id
     WHERE g.completed_at >= %(since)s AND g.state IN ('completed', 'expired'))
SELECT 'completed_unpaid', 'generation ' || id,
       format('%%s s were made after its deadline; the customer pays nothing', made), made * rate
  FROM ended WHERE state = 'completed' AND charged_micros = 0
UNION ALL
SELECT 'made_more_than_held', 'generation ' || id,
       format('%%s s were made, %%s s are paid for', made, charged_seconds),
       (made - charged_seconds) * rate
  FROM ended WHERE state = 'completed' AND charged_micros > 0 AND made > charged_seconds
UNION ALL
SELECT 'charged_without_video', 'generation ' || id,
       'the customer paid the estimate, and the video could not be fetched', charged_micros
  FROM ended WHERE state = 'completed' AND charged_micros > 0 AND NOT has_video
UNION ALL
SELECT 'outcome_unknown', 'generation ' || id,
       format('sent, and nothing was heard by the deadline; %%s s may be billed', made), made * rate
  FROM ended
 WHERE state = 'expired' AND next_poll_at IS NULL
   AND (provider_request_id IS NOT NULL
        OR EXISTS (SELECT FROM generations_generationevent e
                    WHERE e.generation_id = ended.id AND e.state = 'unconfirmed'))
