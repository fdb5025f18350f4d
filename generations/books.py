"""Every generation against its hold, every such hold against its generation, and what keys and
members have spent against both.

What billing cannot know: to it a generation is an opaque reference.
"""

from billing.reconciliation import Problem, problems_of, rows
from generations.models import OPEN_STATES, State

_OPEN = ", ".join(f"'{state}'" for state in OPEN_STATES)

# The hold's id is the generation's own, so a second hold of it is impossible.
_GENERATIONS = f"""
    SELECT kind, 'generation ' || id, detail, amount FROM (
        SELECT g.id, coalesce(g.charged_micros, 0) - coalesce(h.captured_micros, 0) AS amount,
               CASE WHEN h.id IS NULL THEN 'generation_without_hold'
                    WHEN h.reference <> 'generation:' || g.id
                      OR h.organization_id <> g.organization_id THEN 'generation_hold_of_another'
                    WHEN h.amount_micros <> g.quoted_micros THEN 'generation_held_not_quoted'
                    WHEN (g.state IN ({_OPEN})) <> (h.state = 'active')
                    THEN 'generation_hold_out_of_step'
                    WHEN coalesce(g.charged_micros, 0) <> h.captured_micros
                    THEN 'generation_charged_not_captured'
                    WHEN g.charged_micros > g.quoted_micros THEN 'generation_above_quote'
                    WHEN g.charged_micros <> 0
                     AND g.state IN ('{State.ERROR}', '{State.CANCELED}', '{State.EXPIRED}')
                    THEN 'generation_charged_for_nothing'
                    WHEN g.charged_micros <> 0 AND g.state = '{State.FAILED}'
                     AND NOT p.charge_on_failed THEN 'generation_charged_on_failed'
                    WHEN g.state = '{State.COMPLETED}' AND h.state = 'released'
                     AND NOT EXISTS (SELECT FROM generations_generationevent e
                                      WHERE e.generation_id = g.id AND e.state = '{State.EXPIRED}')
                    THEN 'generation_completed_unpaid' END AS kind,
               format('%s, quoted %s, charged %s; hold %s of %s, captured %s', g.state,
                      g.quoted_micros, g.charged_micros, h.state, h.amount_micros,
                      h.captured_micros) AS detail
          FROM generations_generation g
          JOIN billing_price p ON p.id = g.price_id
          LEFT JOIN billing_hold h ON h.id = g.id) AS told
     WHERE kind IS NOT NULL"""  # noqa: S608  # our own names

_HOLDS = """
    SELECT 'hold_without_generation', 'hold ' || h.id,
           format('%s, reference %s', h.state, h.reference)
      FROM billing_hold h LEFT JOIN generations_generation g ON g.id = h.id
     WHERE starts_with(h.reference, 'generation:')
       AND (g.id IS NULL OR h.reference <> 'generation:' || g.id)"""


# Of each key, and each member, in each month: what was counted, and what its jobs come to.
_SPENDING = """
    SELECT 'spending_miscounted', format('spending of %s in %s', coalesce(whose.key, whose.member),
                                         to_char(whose.month, 'YYYY-MM')),
           format('counted %s, its generations come to %s', counted, made), counted - made
      FROM (
        SELECT key, member, month, sum(counted) AS counted, sum(made) AS made FROM (
            SELECT 'key ' || api_key_id AS key,
                   'member ' || user_id || ' of ' || organization_id AS member,
                   month, spent_micros AS counted, 0 AS made
              FROM accounts_spending
            UNION ALL
            SELECT 'key ' || api_key_id, NULL, accounts_month(created_at),
                   0, coalesce(charged_micros, quoted_micros)
              FROM generations_generation WHERE api_key_id IS NOT NULL
            UNION ALL
            SELECT NULL, 'member ' || created_by_id || ' of ' || organization_id,
                   accounts_month(created_at), 0, coalesce(charged_micros, quoted_micros)
              FROM generations_generation WHERE created_by_id IS NOT NULL
        ) AS moved GROUP BY key, member, month
      ) AS whose
     WHERE counted <> made"""


def check() -> list[Problem]:
    """What is off between generations and money; empty when nothing is.

    Call it inside `reconciliation.snapshot()` on a live system.
    """
    return [*problems_of(_GENERATIONS), *problems_of(_HOLDS), *problems_of(_SPENDING)]


def count() -> int:
    """How many generations there are."""
    return int(rows("SELECT count(*) FROM generations_generation")[0][0])
