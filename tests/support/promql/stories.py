"""Stories of a service that its rules must tell rightly, and how it is counted in them."""

from tests.support.promql.worlds import State, Story
from toprope.slo.sli import Counted

POD = 'namespace="shop",toprope_dev_name="links"'
ROUTES = {"redirect": ("/{slug}",), "all": ("/*",)}
ALONE = Counted("shop", POD, ROUTES)
BEHIND = Counted("shop", POD, ROUTES, gateway='service=~"shop-links-.*"')
OWN = {"bad": 'jobs_total{result="failed"}', "total": "jobs_total"}

UP, UNREADY, REFUSES, GONE, UNSEEN = State
BOTH = ("a", "b")
STORIES = {
    "errors are born late, a counter begins anew": Story(born={"500": 27, "499": 10}, resets={"a": (16, 45)}),
    "counters are young and small": Story(a_second=0.02, resets={"b": (20, 24)}, born={"500": 30}),
    "every fifth scrape is missed": Story(missed=0.2, resets={"b": (31,)}),
    "nobody asks for a while": Story(quiet=(30, 50)),
    "one pod vanishes and returns": Story(spans={"a": [(0, 12, GONE), (50, 58, GONE)]}, resets={"a": (58,)}),
    "all pods vanish and return": Story(spans={pod: [(35, 55, GONE)] for pod in BOTH}, resets={"a": (55,)}),
    "all pods refuse, twice": Story(spans={pod: [(33, 36, REFUSES), (38, 52, REFUSES)] for pod in BOTH}),
    "one pod is not ready, then all are not": Story(
        spans={"a": [(20, 40, UNREADY), (44, 52, UNREADY)], "b": [(30, 50, UNREADY)]}, resets={"b": (50,)}
    ),
    "nobody is scraped for a while": Story(spans={one: [(35, 52, UNSEEN)] for one in (*BOTH, "gateway", "other")}),
    "there is nothing at first": Story(spans={one: [(0, 25, GONE)] for one in (*BOTH, "gateway")}),
    "pods refuse and nobody else is up": Story(
        spans={"a": [(33, 50, REFUSES)], "b": [(33, 50, GONE)], "other": [(37, 42, REFUSES)]}
    ),
    "the gateway comes and goes, and so do the pods": Story(
        spans={"gateway": [(0, 18, GONE), (55, 75, GONE)], **{pod: [(45, 65, GONE)] for pod in BOTH}}
    ),
}
