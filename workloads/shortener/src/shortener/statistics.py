"""One link's visits by day, read from the sums that `move_clicks` keeps."""

from datetime import date

import asyncpg

from shortener.models import Day, Source, Statistics

DAYS = """
    SELECT day, clicks, bots FROM shortener.click_days d JOIN shortener.links l ON l.id = d.link_id
    WHERE l.slug = $1 AND day BETWEEN $2 AND $3 ORDER BY day
"""
SOURCES = """
    SELECT source, sum(d.clicks)::bigint AS clicks
    FROM shortener.click_sources d JOIN shortener.links l ON l.id = d.link_id
    WHERE l.slug = $1 AND day BETWEEN $2 AND $3 AND kind = $4 GROUP BY source ORDER BY 2 DESC, 1 LIMIT 10
"""


async def statistics(connection: asyncpg.Connection, slug: str, since: date, until: date) -> Statistics:
    """The days from since to until, both included, in a transaction that names the tenant."""
    days = [Day(**day) for day in await connection.fetch(DAYS, slug, since, until)]
    referrers, agents = [
        [Source(**source) for source in await connection.fetch(SOURCES, slug, since, until, kind)]
        for kind in ("referrer", "agent")
    ]
    return Statistics(
        slug=slug,
        clicks=sum(day.clicks for day in days),
        bots=sum(day.bots for day in days),
        days=days,
        referrers=referrers,
        agents=agents,
    )
