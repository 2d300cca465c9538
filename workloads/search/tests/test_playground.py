"""The playground as a person uses it, in a real browser, on a real service with the real model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from search.embedding.embedder import Embedder
from workloads.search.tests import chromium
from workloads.search.tests.chromium import Browser
from workloads.search.tests.conftest import a_world
from workloads.search.tests.pods import Pod, a_pod
from workloads.search.tests.worlds import a_document, written
from workloads.shortener.tests.servers import Postgres

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(chromium.PROGRAM is None, reason="there is no Chromium: apt-get install chromium"),
]
PICTURES = Path(__file__).parents[3] / "build" / "screenshots"
ENTER, ESCAPE, DOWN = ("Enter", 13, "\r"), ("Escape", 27), ("ArrowDown", 40)
NAMELESS = """
    [...document.querySelectorAll('input, button, select, [role], section, table')].filter((node) => {
      const named = node.getAttribute('aria-label') || node.getAttribute('aria-labelledby') || node.labels?.length ||
        node.textContent.trim();
      return !named && node.offsetParent !== null && node.getAttribute('role') !== 'status';
    }).map((node) => node.outerHTML)
"""


@pytest.fixture(scope="module")
def pod(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory, minilm: Embedder, model: Path
) -> Iterator[Pod]:
    for world in a_world(postgres_server, "app", tmp_path_factory.mktemp("playground")):
        world.embedder = minilm
        evil = a_document(
            7, id="evil", title="<img src=x onerror=document.title=1>", text="Robots <b>bold</b> & brave."
        )
        world.ingest(written(world.folder / "documents.jsonl", [*map(a_document, range(60)), evil]))
        with a_pod(world, model) as one:
            yield one


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium.browser() as one:
        yield one


@pytest.fixture
def page(chrome: Browser, pod: Pod) -> Iterator[Browser]:
    chrome.look(1280, 800)
    chrome.errors.clear()
    chrome.visit(pod.url + "/")
    chrome.until("document.querySelector('#index').textContent.includes('Generation g1')")
    yield chrome
    assert chrome.errors == []


def titles(page: Browser, side: str = "left") -> list[str]:
    found: list[str] = page.run(f"[...document.querySelectorAll('#{side} li h3')].map((node) => node.textContent)")
    return found


def ask(page: Browser, words: str) -> None:
    page.run("document.querySelector('#q').select()")
    page.type(words)
    page.until("document.querySelectorAll('#left li').length > 0")


def test_results_come_as_one_types(page: Browser) -> None:
    assert page.run("document.activeElement.id") == "q"
    ask(page, "quantum circuits")
    page.until("document.querySelector('#left li h3').textContent.startsWith('quantum')")
    assert "embedding" in page.run("document.querySelector('#left .took').textContent")
    assert "quantum" in page.run("[...document.querySelectorAll('#left mark')].map((m) => m.textContent).join(' ')")
    assert "q=quantum+circuits" in page.run("location.search")


def test_two_modes_stand_side_by_side_and_explain_themselves(page: Browser, pod: Pod) -> None:
    page.visit(f"{pod.url}/?q=robots+in+motion&mode=vector&beside=lexical")
    page.until("document.querySelectorAll('#right li').length > 0")
    page.run("document.querySelector('#explain').click()")
    page.until("document.querySelectorAll('#left table, #right table').length === 20")
    assert page.run("document.querySelector('#left h2').textContent") == "By meaning"
    assert page.run("document.querySelector('#right h2').textContent") == "By words"
    assert "at distance" in page.run("document.querySelector('#left table').textContent")
    page.picture(PICTURES / "search-side-by-side.png")


def test_a_tag_limits_and_its_button_lifts_the_limit(page: Browser) -> None:
    ask(page, "we measure cases")
    page.run("document.querySelector('#left .tags button').click()")
    page.until("document.querySelectorAll('#filters button').length === 1")
    kinds = "new Set([...document.querySelectorAll('#left .tags button:first-of-type')].map((b) => b.textContent)).size"
    page.until(f"document.querySelectorAll('#left li').length > 1 && {kinds} === 1")
    page.run("document.querySelector('#filters button').click()")
    page.until(f"document.querySelectorAll('#filters button').length === 0 && {kinds} > 1")


def test_the_keyboard_is_enough(page: Browser) -> None:
    ask(page, "graph databases")
    page.press(*DOWN)
    page.press(*DOWN)
    assert page.run("[...document.querySelectorAll('#left li')].indexOf(document.activeElement)") == 1
    page.press(*ENTER)
    page.until("!!document.querySelector('#left li:nth-child(2) .whole')")
    page.press(*ESCAPE)
    assert page.run("document.activeElement.id") == "q"


def test_more_rows_follow_and_none_twice(page: Browser) -> None:
    ask(page, "cryptography")
    page.until("!document.querySelector('#left .more').hidden")
    page.run("document.querySelector('#left .more').click()")
    page.until("document.querySelectorAll('#left li').length === 20")
    assert len(set(titles(page))) == 20


def test_documents_are_text_and_never_markup(page: Browser) -> None:
    ask(page, "brave bold robots")
    page.until("[...document.querySelectorAll('#left h3')].some((node) => node.textContent.startsWith('<img'))")
    assert page.run("document.title") == "Search"
    assert page.run("document.querySelectorAll('main img, main b').length") == 0


def test_an_error_is_said_in_words(page: Browser, pod: Pod) -> None:
    page.run("document.querySelector('#q').removeAttribute('maxlength')")
    page.run("document.querySelector('#q').value = 'x'.repeat(33000); document.querySelector('#ask').requestSubmit()")
    page.until("document.querySelector('#left .state.wrong')?.textContent.includes('at most 32000 characters')")
    page.errors.clear()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("dark", 390), ("light", 320)])
def test_it_fits_and_can_be_read(page: Browser, scheme: str, width: int) -> None:
    page.look(width, 844, scheme)
    ask(page, "neural networks for image segmentation")
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.run(NAMELESS) == []
    ground, ink = (page.run(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color"))
    assert contrast(ground, ink) >= 7
    page.picture(PICTURES / f"search-{scheme}-{width}.png")


def contrast(one: str, other: str) -> float:
    """As WCAG counts it, of two `rgb(…)`."""
    first, second = sorted(map(_luminance, (one, other)))
    return (second + 0.05) / (first + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_page_loads_nothing_from_elsewhere(page: Browser, pod: Pod) -> None:
    urls = page.run("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert urls
    assert all(url.startswith(pod.url) for url in urls)
