"""The small pure words: slugs, targets, agents, addresses, cursors, passwords as Postgres stores them."""

import base64

import pytest
from starlette.requests import Request

from shortener import agents, cursors, slugs, targets
from shortener.gate import reached_by
from shortener.scram import verifier
from shortener.settings import ShortenerSettings
from shortener.visitors import client_address, rate_group, visitor
from toprope_kit.outcome import cleaned
from toprope_kit.problem import BadRequest, Unprocessable

FIREFOX = b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = b"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"


@pytest.mark.parametrize("slug", ["a", "Spring-26", "x" * 64])
def test_slugs(slug: str) -> None:
    assert slugs.is_slug(slug)


@pytest.mark.parametrize("text", ["", "-a", "a.b", "a/b", "ä", "x" * 65, "a\n"])
def test_no_slugs(text: str) -> None:
    assert not slugs.is_slug(text)


def test_reserved_words_are_refused_in_any_case() -> None:
    reserved = ShortenerSettings(reserved_slugs=" Jobs, press ").reserved()
    for slug in ("API", "jobs", "Press"):
        with pytest.raises(Unprocessable):
            slugs.checked(slug, reserved)
    assert slugs.checked("jobs2", reserved) == "jobs2"


def test_no_reserved_word_is_made_up() -> None:
    letters = iter("jobsJOBSfine")
    assert slugs.generated(4, frozenset({"jobs"}), lambda _: next(letters)) == "fine"


@pytest.mark.parametrize(
    "target",
    ["https://Short.Example./a", "http://bit.ly/x", "https://www.tinyurl.com/x", "https://bank.example@evil.example/"],
)
def test_targets_that_a_link_must_not_have(target: str) -> None:
    with pytest.raises(Unprocessable):
        targets.checked(target, frozenset({"short.example"}))


@pytest.mark.parametrize(
    ("header", "family", "bot"),
    [
        (FIREFOX, "Firefox", False),
        (EDGE, "Edge", False),
        (b"Mozilla/5.0 (compatible; Googlebot/2.1)", "bot", True),
        (b"curl/8.5.0", "bot", True),
        (b"", "bot", True),
        (b"Something Else", "other", False),
    ],
)
def test_agents(header: bytes, family: str, bot: bool) -> None:
    assert agents.agent(header) == (family, bot)


@pytest.mark.parametrize(
    ("header", "host"),
    [(b"https://news.example/a?q=secret", "news.example"), (b"", ""), (b"http://[", ""), (b"nonsense", "")],
)
def test_of_a_referrer_only_the_host_is_kept(header: bytes, host: str) -> None:
    assert agents.referrer(header) == host


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("192.0.2.77:5555", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("[2001:db8:1:2::3]:5555", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::1", "::/48"),
        ("", ""),
        ("somebody at 192.0.2.77", ""),
        ("192.0.2.77.", ""),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str, network: str) -> None:
    assert agents.network(address) == network


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        (b"", 1, "peer"),
        (b"forged, 192.0.2.1", 1, "192.0.2.1"),
        (b"forged, 192.0.2.1, 10.0.0.1", 2, "192.0.2.1"),
        (b"192.0.2.1", 2, "192.0.2.1"),
        (b"forged", 0, "peer"),
    ],
)
def test_only_our_own_proxies_are_believed(forwarded: bytes, proxies: int, address: str) -> None:
    assert client_address("peer", forwarded, proxies) == address


@pytest.mark.parametrize(
    ("sentence", "proxies", "told", "base"),
    [
        ("the gateway ended TLS", 1, ["https"], "https://links.example.com"),
        ("the gateway did not", 1, ["http"], "http://links.example.com"),
        ("the gateway adds to what a client forged", 1, ["http, https"], "https://links.example.com"),
        ("it adds a header of its own", 1, ["http", "https"], "https://links.example.com"),
        ("the load balancer before the gateway ended TLS", 2, ["forged, https, http"], "https://links.example.com"),
        ("nobody told", 1, [], "http://links.example.com"),
        ("something that is no scheme", 1, ["javascript"], "http://links.example.com"),
        ("there is no proxy, and a client forges", 0, ["https"], "http://links.example.com"),
    ],
)
def test_the_address_that_a_client_used(sentence: str, proxies: int, told: list[str], base: str) -> None:
    headers = [(b"host", b"links.example.com"), (b"x-forwarded-host", b"forged.example")]
    headers += [(b"x-forwarded-proto", value.encode()) for value in told]
    request = Request({"type": "http", "scheme": "http", "path": "/", "query_string": b"", "headers": headers})
    assert reached_by(request, proxies) == base, sentence


def test_forwarded_headers_add_up() -> None:
    headers = [(b"x-forwarded-for", b"forged"), (b"host", b"h"), (b"x-forwarded-for", b"192.0.2.1")]
    assert visitor("peer", headers, 1).address == "192.0.2.1"


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("2001:db8:1:2:3::4", "2001:db8:1:2:5::6"),
        ("2001:db8::1", "2001:DB8:0:0:ffff::2"),
        ("2001:db8::1", "[2001:db8::1]:8080"),
        ("192.0.2.1:1234", "192.0.2.1:5678"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("anything", "something else"),
    ],
)
def test_one_caller_however_its_address_is_written(one: str, same: str) -> None:
    assert rate_group(one) == rate_group(same)


def test_callers_of_two_networks_are_two() -> None:
    assert rate_group("192.0.2.1") != rate_group("192.0.2.2")
    assert rate_group("2001:db8:0:1::1") != rate_group("2001:db8:0:2::1")


def test_a_cursor_leads_on_and_a_foreign_one_is_refused() -> None:
    ours = cursors.cursor(4711, b"ours")
    assert cursors.before(ours, b"ours") == 4711
    same_bytes = ours[:-1] + chr(ord(ours[-1]) + 1)
    foreign = ["", "!", "####", "MQ", "MV8w", "IDEg", "KzE", "LTE", "a" * 22, "a" * 60, "ä", ours + "=", ours + "\n"]
    for other in (*foreign, same_bytes, cursors.cursor(4711, b"theirs")):
        with pytest.raises(BadRequest):
            cursors.before(other, b"ours")


def test_a_cursor_tells_nothing_of_its_id() -> None:
    one, next_one = [base64.urlsafe_b64decode(cursors.cursor(number, b"ours") + "==") for number in (4711, 4712)]
    assert sum(a == b for a, b in zip(one, next_one, strict=True)) < 4
    assert (4711).to_bytes(2) not in one


def test_a_verifier_is_what_postgres_would_store() -> None:
    # Made by Postgres 18 for the password "pencil" with this salt.
    said = verifier("pencil", salt=b"\x00" * 16)
    assert said.startswith("SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$")
    assert "'" not in said


def test_a_cleaned_error_has_one_line_and_no_credentials() -> None:
    error = ValueError("cannot reach postgresql://owner:s3cret@db/app\npassword=hunter2")
    assert cleaned(error) == "ValueError: cannot reach postgresql…db/app"
