"""The API as a tenant uses it, in front of a real database."""

from datetime import UTC, datetime, timedelta

import pytest

from toprope_kit.auth import mint
from workloads.shortener.tests.conftest import Running, World

pytestmark = pytest.mark.integration

LINKS = "/api/v1/links"
SPRING = {"target": "https://example.org/spring", "slug": "spring"}


async def test_a_link_lives_from_creation_to_deletion(running: Running) -> None:
    made = await running.client.post(LINKS, json=SPRING)
    assert made.status_code == 201
    assert made.headers["location"] == f"{LINKS}/spring"
    assert made.json()["shortUrl"] == "http://short.test/spring"
    assert (await running.client.get(f"{LINKS}/spring")).json() == made.json()
    assert (await running.client.get("/spring")).headers["location"] == SPRING["target"]
    changed = await running.client.patch(f"{LINKS}/spring", json={"target": "https://example.org/summer"})
    assert changed.json()["target"] == "https://example.org/summer"
    assert (await running.client.delete(f"{LINKS}/spring")).status_code == 204
    assert (await running.client.get(f"{LINKS}/spring")).status_code == 404
    again = await running.client.post(LINKS, json=SPRING)
    assert again.status_code == 201


async def test_a_made_up_slug_has_the_length_that_was_set(running: Running) -> None:
    made = await running.client.post(LINKS, json={"target": "https://example.org"})
    assert len(made.json()["slug"]) == 7


async def test_the_short_address_is_the_one_that_the_client_used(running: Running) -> None:
    proxied = {"X-Forwarded-Proto": "https", "Host": "links.example.com"}
    made = await running.client.post(LINKS, json=SPRING, headers=proxied)
    assert made.json()["shortUrl"] == "https://links.example.com/spring"


async def test_a_taken_slug_is_a_conflict(running: Running) -> None:
    await running.client.post(LINKS, json=SPRING)
    taken = await running.client.post(LINKS, json=SPRING)
    assert (taken.status_code, taken.headers["content-type"]) == (409, "application/problem+json")


@pytest.mark.parametrize(
    ("sentence", "body"),
    [
        ("no target", {}),
        ("a target that is no address", {"target": "example.org"}),
        ("a target that browsers run", {"target": "javascript:alert(1)"}),
        ("a target with a line break", {"target": "https://example.org/\r\nset-cookie: a=b", "slug": "a b"}),
        ("a reserved slug", {**SPRING, "slug": "API"}),
        ("a target that leads back here", {"target": "http://short.test/spring"}),
        ("a misspelt field", {**SPRING, "visitlimit": 3}),
        ("a limit of nothing", {**SPRING, "visitLimit": 0}),
        ("a limit that is true", {**SPRING, "visitLimit": True}),
        ("a limit as text", {**SPRING, "visitLimit": "5"}),
        ("a wish as text", {**SPRING, "findIfExists": "yes"}),
        ("a time as a number", {**SPRING, "validUntil": 4102444800}),
        ("a time as a number in text", {**SPRING, "validUntil": "4102444800"}),
        ("a time without a zone", {**SPRING, "validUntil": "2026-01-01T00:00:00"}),
        ("a time before ours", {**SPRING, "validFrom": "0001-01-01T00:00:00Z"}),
        ("a time that no zone knows any more", {**SPRING, "validUntil": "9999-12-31T23:59:59-12:00"}),
        ("an end before its beginning",
         {**SPRING, "validFrom": "2026-01-02T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"}),
    ],
)  # fmt: skip
async def test_refused_with_a_sentence(running: Running, sentence: str, body: dict[str, object]) -> None:
    refused = await running.client.post(LINKS, json=body)
    assert refused.status_code == 422, sentence
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"]


async def test_an_end_before_its_beginning_is_refused_also_in_two_steps(running: Running) -> None:
    await running.client.post(LINKS, json={**SPRING, "validFrom": "2026-01-02T00:00:00Z"})
    refused = await running.client.patch(f"{LINKS}/spring", json={"validUntil": "2026-01-01T00:00:00Z"})
    assert refused.status_code == 422


async def test_the_same_idempotency_key_makes_one_link(running: Running) -> None:
    body, key = {"target": "https://example.org/once"}, {"Idempotency-Key": "one"}
    first, second = [await running.client.post(LINKS, json=body, headers=key) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    other = await running.client.post(LINKS, json={"target": "https://example.org/other"}, headers=key)
    assert other.status_code == 422


async def test_a_link_without_the_password_that_was_asked_for_is_no_answer(running: Running) -> None:
    body, key = {"target": "https://example.org/once"}, {"Idempotency-Key": "one"}
    assert (await running.client.post(LINKS, json=body, headers=key)).status_code == 201
    locked = await running.client.post(LINKS, json={**body, "password": "correct horse"}, headers=key)
    assert locked.status_code == 422


async def test_an_idempotency_key_that_ends_its_day_meanwhile_is_a_moments_patience(
    world: World, running: Running
) -> None:
    key = {"Idempotency-Key": "one"}
    first = await running.client.post(LINKS, json=SPRING, headers=key)
    # Between the two questions about a key: forgotten, as if it were a day old.
    world.sql("CREATE FUNCTION shortener.ends() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
              " BEGIN DELETE FROM shortener.idempotency_keys; RETURN NULL; END $$;"
              " CREATE TRIGGER ends AFTER INSERT ON shortener.idempotency_keys"
              " FOR EACH STATEMENT EXECUTE FUNCTION shortener.ends()")  # fmt: skip
    meanwhile = await running.client.post(LINKS, json=SPRING, headers=key)
    assert (meanwhile.status_code, meanwhile.headers["retry-after"]) == (503, "1")
    assert meanwhile.headers["content-type"] == "application/problem+json"
    world.sql("DROP TRIGGER ends ON shortener.idempotency_keys")
    again = await running.client.post(LINKS, json=SPRING, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())


async def test_a_repeated_request_that_found_a_link_is_told_so_again(running: Running) -> None:
    body = {"target": "https://example.org/found", "findIfExists": True}
    await running.client.post(LINKS, json=body)
    answers = [await running.client.post(LINKS, json=body, headers={"Idempotency-Key": "two"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


async def test_an_idempotency_key_that_failed_may_be_used_again(running: Running) -> None:
    key = {"Idempotency-Key": "one"}
    await running.client.post(LINKS, json=SPRING)
    assert (await running.client.post(LINKS, json=SPRING, headers=key)).status_code == 409
    free = await running.client.post(LINKS, json={**SPRING, "slug": "free"}, headers=key)
    assert free.status_code == 201


async def test_find_if_exists_finds_only_the_same(running: Running) -> None:
    body = {"target": "https://example.org/found", "findIfExists": True}
    first, second = [await running.client.post(LINKS, json=body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["slug"] == second.json()["slug"]
    limited = await running.client.post(LINKS, json={**body, "visitLimit": 5})
    assert limited.status_code == 201
    await running.client.patch(f"{LINKS}/{first.json()['slug']}", json={"enabled": False})
    assert (await running.client.post(LINKS, json=body)).status_code == 201


async def test_a_link_with_a_password_is_never_found(running: Running) -> None:
    body = {"target": "https://example.org/locked", "password": "correct horse", "findIfExists": True}
    first, second = [await running.client.post(LINKS, json=body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    taken = await running.client.post(LINKS, json={**body, "slug": first.json()["slug"]})
    assert taken.status_code == 409


async def test_pages_show_every_link_once_newest_first(running: Running) -> None:
    for number in range(7):
        await running.client.post(LINKS, json={"target": "https://example.org", "slug": f"l{number}"})
    seen, cursor = [], None
    while True:
        page = (await running.client.get(LINKS, params={"limit": 3} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [link["slug"] for link in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"l{number}" for number in reversed(range(7))]


async def test_a_cursor_that_is_not_ours_is_refused(running: Running) -> None:
    for cursor in ("", "MQ", "MV8w", "IDEg", "KzE"):
        assert (await running.client.get(LINKS, params={"cursor": cursor})).status_code == 400


async def test_without_a_key_or_with_a_wrong_one_nothing_opens(running: Running) -> None:
    for authorization in ("", "Bearer nonsense", f"Bearer {mint('first1').text}", f"Bearer {mint().text}"):
        refused = await running.client.get(LINKS, headers={"Authorization": authorization})
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_and_an_expired_key_open_nothing(world: World, running: Running) -> None:
    world.sql("UPDATE shortener.api_keys SET expires_at = now() - interval '1 second'")
    assert (await running.client.get(LINKS)).status_code == 401
    world.sql("UPDATE shortener.api_keys SET expires_at = NULL, revoked_at = now()")
    assert (await running.client.get(LINKS)).status_code == 401


async def test_every_answer_says_what_is_left_of_the_limit(running: Running) -> None:
    for path in (LINKS, f"{LINKS}/none"):
        headers = (await running.client.get(path)).headers
        assert headers["ratelimit-limit"] == "600"
        assert 0 < int(headers["ratelimit-remaining"]) < 600


async def test_statistics_of_a_span_that_makes_no_sense_are_refused(running: Running) -> None:
    await running.client.post(LINKS, json=SPRING)
    today = datetime.now(UTC).date()
    for since, until in ((today, today - timedelta(days=1)), (today - timedelta(days=800), today)):
        params = {"since": str(since), "until": str(until)}
        assert (await running.client.get(f"{LINKS}/spring/statistics", params=params)).status_code == 400
