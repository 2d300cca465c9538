"""What the kit's supervisor must know of this service; it imports this and nothing else of ours."""

from toprope_kit.service import Counter, Gauge, Service, Trials

TRIALS = "search_recall_trials_total"
TEXT = "Live queries that were compared with the exact answer, by what was found."

HITS = Counter(TRIALS, TEXT, labels={"result": "hit"})
MISSES = Counter(TRIALS, TEXT, labels={"result": "miss"})
UNASKED = Counter("search_recall_samples_dropped_total", "Live queries that were to be compared and were not.")
CACHED = Counter("search_query_embeddings_total", "Questions embedded, by where.", labels={"found": "memory"})
COMPUTED = Counter("search_query_embeddings_total", "Questions embedded, by where.", labels={"found": "model"})
EMBEDDING = Counter("search_query_embedding_seconds_total", "Seconds that the model computed for questions.")
ASKING = Counter("search_database_seconds_total", "Seconds that questions waited for the database.")
FOLLOWED = Counter("search_followed_documents_total", "Documents that this pod brought into its generation.")
LAG = Gauge("search_lag_documents", "Changes that the generation has not followed yet.", merge="max")
OLDEST = Gauge("search_lag_seconds", "Age of the oldest of them.", merge="max")
SHORT = Counter("search_short_answers_total", "Answers with fewer rows than asked for, which say why.")

SERVICE = Service(
    name="search",
    factory="search.app:create",
    published={"search": ("/v1/search", "/v1/documents/{id}/similar"), "api": ("/v1/*",)},
    numbers=(HITS, MISSES, UNASKED, CACHED, COMPUTED, EMBEDDING, ASKING, FOLLOWED, LAG, OLDEST, SHORT),
    trials={"recall": Trials(good=HITS, bad=MISSES)},
)
