-- The ledger's movements of a period, by day, account and kind: the one definition of these figures.
SELECT (e.created_at AT TIME ZONE 'UTC')::date AS day, e.account, e.kind, count(*) AS entries,
       sum(e.amount_micros) AS amount_micros, sum(e.held_delta_micros) AS held_delta_micros
  FROM billing_entry e
 WHERE e.created_at >= %(since)s AND e.created_at < %(until)s
 GROUP BY 1, e.account, e.kind
