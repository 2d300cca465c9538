"""What of a gateway's page counts for a route."""

import pytest

from tests.support.traefik_page import Traefik, backend
from toprope.slo.gateway import NoGatewayPage, read
from toprope.slo.now import Count

STABLE, CANDIDATE = "links-web-5f6c9d7b4", "links-web-7d8e2c1a9"
ROUTE = "links-web-bq2xkd"


def count(traefik: Traefik, service: str = CANDIDATE) -> Count | None:
    return read(traefik.text.encode()).count("shop", ROUTE, service)


def test_each_backend_is_counted_for_itself() -> None:
    traefik = Traefik()
    traefik.count(backend(STABLE), 9072)
    traefik.count(backend(CANDIDATE), 1000)
    traefik.count(backend(CANDIDATE), 8, "502")
    assert (count(traefik, STABLE), count(traefik)) == (Count(9072, 0), Count(1008, 8))


@pytest.mark.parametrize(
    ("code", "counted"),
    [
        ("200", Count(10, 0)),
        ("404", Count(10, 0)),
        ("429", Count(10, 0)),
        ("500", Count(10, 10)),
        ("503", Count(10, 10)),
        ("499", Count(6, 6)),
    ],
)
def test_what_is_bad(code: str, counted: Count) -> None:
    traefik = Traefik()
    traefik.count(backend(CANDIDATE), 10, code, hasty=4)
    assert count(traefik) == counted


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
    assert read(traefik.text.encode()).count("my--shop", "a.b-web-q", "a--web-1") == Count(5, 0)


def test_a_route_is_known_once_it_has_sent_somebody_something() -> None:
    traefik = Traefik()
    before = read(traefik.text.encode())
    traefik.count(backend(STABLE), 1)
    after = read(traefik.text.encode())
    assert (before.knows("shop", ROUTE), after.knows("shop", ROUTE)) == (False, True)
    assert after.count("shop", ROUTE, CANDIDATE) is None


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
