"""What the kit's supervisor must know of this service; it imports this and nothing else of ours."""

from toprope_kit.service import Counter, Gauge, Service

REDIRECT = "/{slug}"

WRITTEN = Counter("shortener_clicks_written_total", "Clicks that reached the database.")
FULL = Counter("shortener_clicks_dropped_total", "Clicks lost, by reason.", labels={"reason": "full"})
INVALID = Counter("shortener_clicks_dropped_total", "Clicks lost, by reason.", labels={"reason": "invalid"})
KILLED = Counter("shortener_clicks_dropped_total", "Clicks lost, by reason.", labels={"reason": "killed"})
RETRIED = Counter("shortener_click_batches_retried_total", "Times that a batch of clicks was written again.")
BUFFERED = Gauge("shortener_clicks_buffered", "Clicks that wait in memory to be written.", on_death=KILLED)
LAG = Gauge("shortener_clicks_oldest_seconds", "Age of the oldest click that waits in memory.", merge="max")
INBOX = Gauge("shortener_click_inbox_rows", "Clicks in the database that statistics do not show yet.", merge="max")
INBOX_LAG = Gauge("shortener_click_inbox_oldest_seconds", "Age of the oldest of them.", merge="max")
ORPHANS = Counter("shortener_orphan_visits_total", "Visits of slugs that no link has.")
MEMORY_HITS = Counter("shortener_lookups_total", "Links found, by where.", labels={"found": "memory"})
CACHE_HITS = Counter("shortener_lookups_total", "Links found, by where.", labels={"found": "cache"})
DATABASE_HITS = Counter("shortener_lookups_total", "Links found, by where.", labels={"found": "database"})
STALE_HITS = Counter("shortener_lookups_total", "Links found, by where.", labels={"found": "kept"})
UNHEARD = Counter("shortener_invalidation_gaps_total", "Times that a worker could not hear of changes for a while.")

SERVICE = Service(
    name="shortener",
    factory="shortener.app:create",
    published={"redirect": (REDIRECT,), "api": ("/api/v1/*",)},
    numbers=(
        WRITTEN,
        FULL,
        INVALID,
        KILLED,
        RETRIED,
        BUFFERED,
        LAG,
        INBOX,
        INBOX_LAG,
        ORPHANS,
        MEMORY_HITS,
        CACHE_HITS,
        DATABASE_HITS,
        STALE_HITS,
        UNHEARD,
    ),
)
