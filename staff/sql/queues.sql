-- What waits for the workers: how much is due now, and since when the oldest of it. Each through
-- the partial index that its own drain uses; counted up to 10,000.
SELECT 'dispatch' AS name,
       (SELECT count(*) FROM (SELECT FROM generations_generation
         WHERE state = 'queued' AND next_attempt_at <= %(now)s LIMIT 10000) t) AS due,
       generations_next_claim(%(now)s, %(at_once)s) AS oldest  -- of those that have a place
UNION ALL
SELECT 'poll', count(*), min(next_poll_at) FROM (SELECT next_poll_at FROM generations_generation
 WHERE next_poll_at <= %(now)s ORDER BY next_poll_at LIMIT 10000) t
UNION ALL
SELECT 'collect', count(*), min(next_media_at) FROM (SELECT next_media_at
  FROM generations_generation WHERE next_media_at <= %(now)s ORDER BY next_media_at LIMIT 10000) t
UNION ALL
SELECT 'webhooks', (SELECT count(*) FROM (SELECT FROM webhooks_delivery
         WHERE state = 'pending' AND next_attempt_at <= %(now)s LIMIT 10000) t),
       webhooks_next_due(%(per_endpoint)s)
UNION ALL
SELECT 'payment_events', count(*), min(next_attempt_at) FROM (SELECT next_attempt_at
  FROM billing_paymentevent WHERE state = 'pending' AND next_attempt_at <= %(now)s
 ORDER BY next_attempt_at LIMIT 10000) t
UNION ALL
SELECT 'payment_checks', count(*), min(next_check_at) FROM billing_topup
 WHERE next_check_at <= %(now)s
UNION ALL
SELECT 'notices', count(*), min(next_attempt_at) FROM billing_notice
 WHERE next_attempt_at <= %(now)s
UNION ALL
SELECT 'tasks', count(*), min(lock) FROM django_q_ormq WHERE lock <= %(now)s
UNION ALL
SELECT 'schedules', count(*), min(next_run) FROM django_q_schedule WHERE next_run <= %(now)s
