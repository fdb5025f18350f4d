"""A platform of any size for `bench.admin`: work and its money, made in bulk by SQL.

Unlike `bench.api_rows` the books are whole: each job has its hold and its two entries, each
wallet's entries run on without a gap, and the wallet is what they come to. Triggers and checks of
references are off meanwhile. Of all sizes alike: a year of work, evenly, over one organization per
1,000 jobs (ten at least); 93 in 100 completed, 4 failed, 3 canceled; the newest OPEN are open; a
callback for 98 in 100; a top-up per 20 jobs; and as many adjustments as bring the ledger to five
entries a job.
"""

import time
from typing import Any

import psycopg
from psycopg import sql

OPEN = 60
ENTRIES_PER_JOB = 5
TOP_UP_EVERY = 20

_ORGANIZATIONS = """
INSERT INTO accounts_organization (id, name)
SELECT uuidv7((n - %(organizations)s) * interval '1 minute' - interval '366 days'), 'Bench ' || n
  FROM generate_series(1, %(organizations)s) AS n"""

_NUMBERED = """
CREATE TEMP TABLE numbered AS
SELECT id, (row_number() OVER (ORDER BY id) - 1)::int AS n
  FROM accounts_organization WHERE name LIKE 'Bench %'"""

_JOBS = """
INSERT INTO generations_generation (
    id, organization_id, price_id, created_at, deadline_at, completed_at, submitted_at,
    model, input, metadata, idempotency_key, request_hash, listeners, state, note, error,
    quoted_seconds, quoted_micros, charged_seconds, charged_micros,
    attempts, polls, media_attempts, callback_token_hash, provider_request_id, provider_status,
    provider_media_url, needs_attention)
SELECT d.id, o.id, p.id, at, now() + interval '1 hour', CASE WHEN ended THEN at + took END,
       at + interval '1 s', p.model,
       jsonb_build_object(
           'prompt', 'A cat walking in a garden in the rain, slow pan, soft light, take ' || i,
           'duration', 5, 'resolution', p.resolution, 'fps', 24, 'draft', p.draft,
           'aspect_ratio', '16:9', 'save_audio', true),
       '{}', '', '', '[]', state, '',
       CASE WHEN state = 'failed' THEN 'The model failed.' ELSE '' END,
       5, 5 * p.customer_micros_per_second,
       CASE WHEN state = 'completed' THEN 5 WHEN ended THEN 0 END,
       CASE WHEN state = 'completed' THEN 5 * p.customer_micros_per_second WHEN ended THEN 0 END,
       CASE WHEN state = 'queued' THEN 0 ELSE 1 END, 3, 1, sha256(i::text::bytea),
       CASE WHEN state NOT IN ('queued', 'canceled') THEN 'p-video_' || d.id END, '', '', ''
  FROM (SELECT *, uuid_extract_timestamp(id) AS at, (20 + h %% 40) * interval '1 s' AS took,
               %(rows)s - i >= %(open)s AS ended,
               CASE WHEN %(rows)s - i < %(open)s / 3 THEN 'queued'
                    WHEN %(rows)s - i < %(open)s THEN 'processing'
                    WHEN h %% 100 < 4 THEN 'failed'
                    WHEN h %% 100 < 7 THEN 'canceled' ELSE 'completed' END AS state
          FROM (SELECT i, uuidv7((i - 1 - %(rows)s) * interval '365 days' / %(rows)s
                                 - interval '2 minutes') AS id,
                       hashint8(i)::bigint + 2147483648 AS h
                  FROM generate_series(1, %(rows)s) AS i) AS made) AS d
  JOIN numbered o ON o.n = d.h / 100 %% %(organizations)s
  JOIN (SELECT *, row_number() OVER (ORDER BY model, resolution, draft) - 1 AS n,
               count(*) OVER () AS prices
          FROM billing_price WHERE organization_id IS NULL) p ON p.n = d.h %% p.prices"""

_HOLDS = """
INSERT INTO billing_hold (id, organization_id, amount_micros, state, captured_micros, reference,
                          expires_at, created_at, resolved_at)
SELECT id, organization_id, quoted_micros,
       CASE WHEN completed_at IS NULL THEN 'active' WHEN charged_micros > 0 THEN 'captured'
            ELSE 'released' END,
       coalesce(charged_micros, 0), 'generation:' || id, deadline_at, created_at, completed_at
  FROM generations_generation"""

_TOP_UPS = """
INSERT INTO billing_topup (id, organization_id, kind, state, amount_micros, bonus_micros,
    bonus_taken_micros, saves_card, livemode, stripe_customer_id, session_id, checkout_url,
    payment_intent_id, invoice_id, invoice_number, invoice_pdf, receipt_url, idempotency_key,
    request_hash, stripe_attempts, failure, attention, checks, created_at, paid_at)
SELECT t.id, o.id, 'checkout', 'paid', 20000000, 0, 0, false, false, 'cus_' || o.n, 'cs_' || i, '',
       'pi_' || i, '', '', '', '', '', '', 1, '', '', 1, uuid_extract_timestamp(t.id),
       uuid_extract_timestamp(t.id) + interval '1 minute'
  FROM (SELECT i, uuidv7((i - 1 - %(top_ups)s) * interval '365 days' / %(top_ups)s
                         - interval '3 minutes') AS id
          FROM generate_series(1, %(top_ups)s) AS i) t
  JOIN numbered o ON o.n = t.i %% %(organizations)s"""

_MOVEMENTS = """
CREATE TEMP TABLE movement AS
SELECT organization_id, created_at AS at, 'hold' AS kind, 'held' AS account, 0::bigint AS amount,
       amount_micros AS held, id AS hold_id, reference FROM billing_hold
UNION ALL
SELECT organization_id, resolved_at,
       CASE WHEN captured_micros > 0 THEN 'capture' ELSE 'release' END,
       CASE WHEN captured_micros > 0 THEN 'revenue' ELSE 'held' END, -captured_micros,
       -amount_micros, id, reference FROM billing_hold WHERE state <> 'active'
UNION ALL
SELECT organization_id, paid_at, 'top_up', 'stripe', amount_micros, 0, NULL, 'top_up:' || id
  FROM billing_topup
UNION ALL
SELECT id, now() - interval '366 days', 'adjustment', 'adjustments', 1000000000000, 0, NULL,
       'opening:' || id FROM numbered
UNION ALL
SELECT o.id, now() - interval '3 minutes' - (i - 1) * interval '365 days' / %(adjustments)s,
       'adjustment', 'adjustments', CASE WHEN i %% 2 = 0 THEN 1000 ELSE -1000 END, 0, NULL,
       'bench:' || i
  FROM generate_series(1, %(adjustments)s) AS i JOIN numbered o ON o.n = i %% %(organizations)s"""

_ENTRIES = """
INSERT INTO billing_entry (organization_id, sequence, kind, account, amount_micros,
    held_delta_micros, balance_after_micros, held_after_micros, hold_id, reference, created_at)
SELECT organization_id, row_number() OVER running, kind, account, amount, held,
       sum(amount) OVER running, sum(held) OVER running, hold_id, reference, at
  FROM movement
WINDOW running AS (PARTITION BY organization_id ORDER BY at, held DESC, reference
                   ROWS UNBOUNDED PRECEDING)
 ORDER BY at"""

_WALLETS = """
INSERT INTO billing_wallet (organization_id, balance_micros, held_micros, debt_micros, sequence)
SELECT organization_id, sum(amount), sum(held), 0, count(*) FROM movement GROUP BY 1"""

_EVENTS = """
INSERT INTO generations_generationevent (generation_id, organization_id, state, note, created_at)
SELECT g.id, g.organization_id, e.state, '', g.created_at + e.after
  FROM generations_generation g
 CROSS JOIN LATERAL (VALUES ('queued', interval '0 s'), ('processing', interval '1 s'),
                            (g.state, coalesce(g.completed_at, g.created_at) - g.created_at))
            AS e(state, after)
 WHERE e.state = g.state OR g.state <> 'queued'"""

_CALLBACKS = """
INSERT INTO generations_providercallback (generation_id, organization_id, body, body_bytes,
    request_id, received_at)
SELECT id, organization_id, '{"status": "COMPLETED"}', 23, provider_request_id, completed_at
  FROM generations_generation
 WHERE state IN ('completed', 'failed') AND hashtext(id::text) % 50 <> 0"""

_MEDIA = """
INSERT INTO generations_media (
    generation_id, organization_id, video, poster, preview, duration_ms, width, height, fps, codec,
    has_audio, size_bytes, stored_at)
SELECT id, organization_id, 'videos/' || id || '.mp4', 'posters/' || id || '.jpg',
       'previews/' || id || '.mp4', 5000, 1280, 720, '24', 'h264', true, 1234567, completed_at
  FROM generations_generation WHERE state = 'completed'"""

_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
 WHERE indrelid IN (SELECT oid FROM pg_class WHERE relname LIKE 'generations|_%' ESCAPE '|'
                       OR relname LIKE 'billing|_%' ESCAPE '|')
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"""
"""Those that are no constraint: made after the rows, they are sorted once."""


def build(dsn: str, *, rows: int) -> float:
    """Fill an empty platform; seconds that it took.

    Args:
        rows: how many generations.
    """
    begun = time.monotonic()
    top_ups = rows // TOP_UP_EVERY
    values: dict[str, Any] = {
        **{"rows": rows, "open": OPEN, "organizations": max(10, rows // 1000)},
        **{"top_ups": top_ups, "adjustments": rows * (ENTRIES_PER_JOB - 2) - top_ups},
    }
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET work_mem = '256MB'")
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET synchronous_commit = off")
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
        connection.execute(_ORGANIZATIONS, values)
        connection.execute(_NUMBERED)
        connection.execute(_JOBS, values)
        connection.execute(_HOLDS)
        connection.execute(_TOP_UPS, values)
        connection.execute(_MOVEMENTS, values)
        for statement in (_ENTRIES, _WALLETS, _EVENTS, _CALLBACKS, _MEDIA):
            connection.execute(statement)
        for _, definition in indexes:
            connection.execute(definition)
        # Autovacuum would do the same a minute later, in the middle of what is measured.
        connection.execute("VACUUM (ANALYZE)")
    return time.monotonic() - begun
