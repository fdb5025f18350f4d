-- Rate limits in one round trip. A bucket is one number, the moment at which it will be full again
-- (the "generic cell rate algorithm"): each request moves it on by window / quota seconds, and one
-- that would move it further than a window from now is refused.
--
-- Not worth surviving a crash, so not worth the write-ahead log: a commit here waits for no disk.
ALTER TABLE accounts_ratebucket SET UNLOGGED;
ALTER TABLE accounts_ratebucket SET (fillfactor = 50);

-- Take one of each bucket, in the order given, up to the first that refuses; those before it stay
-- taken (a refused request has cost something too), those after it are only looked at.
CREATE OR REPLACE FUNCTION accounts_take(
    p_names text[], p_quotas integer[], p_windows integer[],
    OUT refused integer,  -- which bucket refused, from 1; 0 is none
    OUT full_in double precision[]  -- for each, the seconds until it is full again
) LANGUAGE plpgsql AS $$
DECLARE
    v_now double precision := extract(epoch FROM clock_timestamp());
    v_step double precision;
    v_full double precision;
BEGIN
    refused := 0;
    FOR i IN 1 .. cardinality(p_names) LOOP
        v_step := p_windows[i]::double precision / p_quotas[i];
        v_full := NULL;
        IF refused = 0 THEN
            INSERT INTO accounts_ratebucket AS b (name, full_at)
            VALUES (p_names[i], v_now + v_step)
            ON CONFLICT (name) DO UPDATE SET full_at = greatest(b.full_at, v_now) + v_step
            WHERE greatest(b.full_at, v_now) + v_step <= v_now + p_windows[i] + 0.0001
            RETURNING b.full_at INTO v_full;
            IF v_full IS NULL THEN
                refused := i;
            END IF;
        END IF;
        IF v_full IS NULL THEN
            SELECT full_at INTO v_full FROM accounts_ratebucket WHERE name = p_names[i];
        END IF;
        full_in[i] := greatest(coalesce(v_full, v_now) - v_now, 0);
    END LOOP;
END $$;
