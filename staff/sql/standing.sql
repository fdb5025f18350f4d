-- Holds outstanding, by what they are for and by age: 0 under 5 minutes, 1 under 15, 2 under an hour,
-- 3 under a day, 4 older. Read from open jobs, which have a small index: the hold of an open job is
-- active, and no other job's is (the books check it). Holds have none, so that resolving one stays
-- on its own page.
WITH holds AS (
    SELECT g.state, h.amount_micros, h.created_at, g.deadline_at AS due_at
      FROM generations_generation g JOIN billing_hold h ON h.id = g.id
     WHERE g.state IN ('queued', 'submitting', 'unconfirmed', 'processing')
    UNION ALL
    SELECT 'dispute', h.amount_micros, h.created_at, h.expires_at
      FROM billing_dispute d JOIN billing_hold h ON h.id = d.id AND h.state = 'active'
     WHERE d.holds)
SELECT state,
       CASE WHEN created_at > %(now)s - interval '5 minutes' THEN 0
            WHEN created_at > %(now)s - interval '15 minutes' THEN 1
            WHEN created_at > %(now)s - interval '1 hour' THEN 2
            WHEN created_at > %(now)s - interval '1 day' THEN 3 ELSE 4 END AS age,
       count(*), sum(amount_micros), min(created_at),
       count(*) FILTER (WHERE due_at <= %(now)s)
  FROM holds GROUP BY 1, 2
