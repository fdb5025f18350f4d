"""A platform of any size for `bench.api`: generations and their media, made in bulk by SQL.

What a job is to the list, and nothing else: no holds, entries or events. Triggers and checks of
references are off meanwhile. Of all sizes alike: a year of work, evenly; 93 in 100 completed;
4 in 5 of the plain model; 7 in 10 by the bench's key; 6 in 10 with metadata, whose `order` is one
job's alone, whose `customer` is one of 200 and whose `campaign` one of 20. RARE jobs, spread
evenly, are expired, by the rare key, and marked in their metadata. OPEN jobs are the newest.
"""

import time
from typing import Any
from uuid import UUID

import psycopg

RARE = 5
OPEN = 60

_JOBS = """
INSERT INTO generations_generation (
    id, organization_id, api_key_id, price_id, created_at, deadline_at, completed_at, submitted_at,
    model, input, metadata, idempotency_key, request_hash, listeners, state, note, error,
    quoted_seconds, quoted_micros, charged_seconds, charged_micros,
    attempts, polls, media_attempts, callback_token_hash, provider_request_id, provider_status,
    provider_media_url, needs_attention)
SELECT id, %(organization)s,
       CASE WHEN is_rare THEN %(rare_key)s::uuid WHEN i %% 10 < 7 THEN %(key)s::uuid END,
       %(price)s, at, at + interval '1 hour',
       CASE WHEN state = 'completed' THEN at + interval '20 s' END, at + interval '1 s',
       CASE WHEN i %% 5 = 4 THEN 'p-video-avatar' ELSE 'p-video' END,
       jsonb_build_object(
           'prompt', 'A cat walking in a garden in the rain, slow pan, soft light, take ' || i,
           'duration', 5, 'resolution', '720p', 'fps', 24, 'draft', true, 'aspect_ratio', '16:9',
           'save_audio', true, 'prompt_upsampling', true, 'disable_safety_filter', false),
       CASE WHEN is_rare THEN jsonb_build_object('order', 'A-' || i, 'rare', 'yes')
            WHEN i %% 10 < 6 THEN jsonb_build_object(
                'order', 'A-' || i, 'customer', 'C-' || h %% 200, 'campaign', 'S-' || h %% 20)
            ELSE '{}' END,
       '', '', '[]', state, '', CASE WHEN state = 'failed' THEN 'The model failed.' ELSE '' END,
       5, 25000, CASE WHEN state = 'completed' THEN 5 END,
       CASE WHEN state = 'completed' THEN 25000 WHEN ended THEN 0 END,
       CASE WHEN state = 'queued' THEN 0 ELSE 1 END, 3, 1, sha256(i::text::bytea),
       CASE WHEN state <> 'queued' THEN 'p-video_' || id END, '', '', ''
  FROM (SELECT *, i %% (%(rows)s / %(rare)s) = 7 AS is_rare,
               uuid_extract_timestamp(id) AS at, %(rows)s - i >= %(open)s AS ended,
               CASE WHEN %(rows)s - i < %(open)s / 3 THEN 'queued'
                    WHEN %(rows)s - i < %(open)s THEN 'processing'
                    WHEN i %% (%(rows)s / %(rare)s) = 7 THEN 'expired'
                    WHEN h %% 100 < 4 THEN 'failed'
                    WHEN h %% 100 < 7 THEN 'canceled'
                    ELSE 'completed' END AS state
          FROM (SELECT i, uuidv7((i - 1 - %(rows)s) * interval '365 days' / %(rows)s) AS id,
                       hashint8(i)::bigint + 2147483648 AS h
                  FROM generate_series(1, %(rows)s) AS i) AS numbered) AS drawn
"""
_MEDIA = """
INSERT INTO generations_media (
    generation_id, organization_id, video, poster, preview, duration_ms, width, height, fps, codec,
    has_audio, size_bytes, stored_at)
SELECT id, organization_id, 'videos/' || id || '.mp4', 'posters/' || id || '.jpg',
       'previews/' || id || '.mp4', 5000, 1280, 720, '24', 'h264', true, 1234567, completed_at
  FROM generations_generation WHERE state = 'completed'
"""


def build(dsn: str, *, rows: int, organization: UUID, key: UUID, rare_key: UUID) -> float:
    """Fill an empty platform; seconds that it took.

    Args:
        rows: how many generations, all of the one organization.
    """
    begun = time.monotonic()
    values: dict[str, Any] = {
        **{"rows": rows, "rare": RARE, "open": OPEN},
        **{"organization": organization, "key": key, "rare_key": rare_key},
    }
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        price = connection.execute("SELECT id FROM billing_price LIMIT 1").fetchone()
        assert price is not None
        connection.execute(_JOBS, {**values, "price": price[0]})
        connection.execute(_MEDIA)
        # Autovacuum would do the same a minute later, in the middle of what is measured.
        connection.execute("VACUUM (ANALYZE) generations_generation, generations_media")
    return time.monotonic() - begun
