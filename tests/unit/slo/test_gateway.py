"""What of a gateway's page counts for a route."""

from pathlib import Path

import pytest

from tests.support.traefik_page import Traefik, backend
from toprope.slo.gateway import GatewayPage, NoGatewayPage, read
from toprope.slo.now import Count

STABLE, CANDIDATE = "links-web-5f6c9d7b4", "links-web-7d8e2c1a9"
ROUTE = "links-web-bq2xkd"


REAL = (Path(__file__).parents[2] / "data" / "traefik-3.7.15.txt").read_bytes()
"""201 requests that were answered, 20 that failed, 8 that were given up, 4 of them within a second; 3 previews."""


def counted(page: GatewayPage, service: str = CANDIDATE) -> Count | None:
    found = page.counts("shop", ROUTE, service).values()
    return sum(found, Count()) if found else None


def count(traefik: Traefik, service: str = CANDIDATE) -> Count | None:
    return counted(read(traefik.text.encode()), service)


def test_a_real_page() -> None:
    page = read(REAL)
    assert (counted(page, "links-web-old"), counted(page, "links-web-new")) == (Count(203, 22), Count(22, 2))
    assert page.born == 1.79543925532e09


def test_a_backend_that_takes_another_place_in_the_route_loses_nothing() -> None:
    traefik = Traefik()
    traefik.count(backend(CANDIDATE), 1000)
    before = read(traefik.text.encode())
    elsewhere = backend(CANDIDATE).replace("-0@", "-1@")
    traefik.count(elsewhere, 30)
    both = read(traefik.text.encode())
    traefik.count(elsewhere, 30)
    del traefik.requests[backend(CANDIDATE), "200"]
    after = read(traefik.text.encode())
    assert [page.grown(then, "shop", ROUTE, CANDIDATE) for page, then in ((both, before), (after, both))] == [
        Count(30, 0), Count(30, 0),
    ]  # fmt: skip


def test_each_backend_is_counted_for_itself() -> None:
    traefik = Traefik()
    traefik.count(backend(STABLE), 9072)
    traefik.count(backend(CANDIDATE), 1000)
    traefik.count(backend(CANDIDATE), 8, "502")
    assert (count(traefik, STABLE), count(traefik)) == (Count(9072, 0), Count(1008, 8))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("200", Count(10, 0)),
        ("404", Count(10, 0)),
        ("429", Count(10, 0)),
        ("500", Count(10, 10)),
        ("503", Count(10, 10)),
        ("499", Count(6, 6)),
    ],
)
def test_what_is_bad(code: str, told: Count) -> None:
    traefik = Traefik()
    traefik.count(backend(CANDIDATE), 10, code, hasty=4)
    assert count(traefik) == told


def test_without_a_bucket_of_a_second_whoever_gives_up_had_waited() -> None:
    traefik = Traefik(buckets=("0.1", "0.3", "1.2", "5", "+Inf"))
    traefik.count(backend(CANDIDATE), 10, "499", hasty=4)
    assert count(traefik) == Count(10, 10)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("a preview counts for nothing", backend(CANDIDATE, rule=1)),
        ("another route's requests are its own", backend(CANDIDATE, route="others-web-zz9zzz")),
        ("as are those of another namespace", backend(CANDIDATE, namespace="store")),
        ("another revision is another backend", backend("links-web-222222222")),
        ("what shares them is no backend", f"{backend(CANDIDATE).partition('-svc-')[0]}-wrr@kubernetesgateway"),
        ("another provider names as it likes", backend(CANDIDATE).replace("kubernetesgateway", "file")),
    ],
)
def test_whose_requests_they_are(sentence: str, name: str) -> None:
    traefik = Traefik()
    traefik.count(name, 10)
    traefik.count(name, 10, "499", hasty=4)
    assert count(traefik) is None, sentence


def test_names_are_written_with_single_hyphens() -> None:
    traefik = Traefik()
    traefik.count(backend("a-web-1", route="a-b-web-q", namespace="my-shop"), 5)
    assert list(read(traefik.text.encode()).counts("my--shop", "a.b-web-q", "a--web-1").values()) == [Count(5, 0)]


def test_a_route_is_known_once_it_has_sent_somebody_something() -> None:
    traefik = Traefik()
    before = read(traefik.text.encode())
    traefik.count(backend(STABLE), 1)
    after = read(traefik.text.encode())
    assert (before.knows("shop", ROUTE), after.knows("shop", ROUTE)) == (False, True)
    assert counted(after) is None


def test_a_process_that_began_anew_says_so() -> None:
    assert read(Traefik(born=1.7e9 + 5).text.encode()).born == 1.7e9 + 5


def test_one_that_does_not_say_when_it_began_is_read_all_the_same() -> None:
    page = Traefik().text.replace("process_start", "processed_start").encode()
    assert read(page).born == 0


FIRST = f'traefik_service_requests_total{{code="200",service="{backend(STABLE)}"}}'
NONSENSE = {
    "nothing": b"",
    "HTML": b"<html># TYPE traefik_",
    "another program's page": b"# HELP up\n# TYPE up gauge\nup 1\n",
    "no number": f"\n# TYPE traefik_service_requests_total counter\n{FIRST} many\n".encode(),
    "a negative number": f"\n# TYPE traefik_service_requests_total counter\n{FIRST} -1\n".encode(),
    "no finite number": f"\n# TYPE traefik_service_requests_total counter\n{FIRST} +Inf\n".encode(),
    "no number at all": f"\n# TYPE traefik_service_requests_total counter\n{FIRST} NaN\n".encode(),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_not_believed(name: str) -> None:
    with pytest.raises(NoGatewayPage):
        read(NONSENSE[name])
