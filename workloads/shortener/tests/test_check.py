"""`shortener migrate --check`: what may be done to the database beside what runs.

A release with more steps is a copy of this one with more files, run as a pod runs it.
"""

import os
import shutil
from pathlib import Path

import pytest

import shortener as package
from shortener.migrate.place import PLACE
from shortener.store import ReleaseTooOld
from toprope_kit.migrate.check import Running, against
from toprope_kit.migrate.ddl import Known
from toprope_kit.migrate.steps import Step, Steps
from toprope_kit.outcome import Failure, Refused
from workloads.shortener.tests import servers
from workloads.shortener.tests.conftest import World, running_with

STEPS = Steps(PLACE.folder)
HEAD = STEPS.newest()
BEFORE = STEPS.up_to(HEAD)[-2]
DROP = "ALTER TABLE shortener.links DROP COLUMN note"
LINKS = Known(frozenset({"SHORTENER.LINKS"}), frozenset({"SHORTENER.LINKS"}))


def step(ddl: str, unused_since: str | None = None) -> Step:
    return Step("9999", ddl, unused_since)


@pytest.mark.parametrize(
    ("sentence", "taken", "running", "said"),
    [
        ("an expansion", step("ALTER TABLE shortener.links ADD COLUMN note text"), {}, None),
        ("a contraction beside who knows", step(DROP, HEAD), {"abc": HEAD}, None),
        ("beside who knows even more", step(DROP, BEFORE), {"abc": HEAD}, None),
        ("it does not say since when", step(DROP), {"abc": HEAD}, "may use; drop it in a later release"),
        ("beside who knows too little", step(DROP, HEAD), {"abc": BEFORE},
         f"before step {HEAD}, and revision abc knows no later one than {BEFORE}; release a version that knows {HEAD}"),
        ("one of two knows too little", step(DROP, HEAD), {"abc": HEAD, "old": BEFORE},
         f"revision old knows no later one than {BEFORE}"),
        ("beside an earlier operator's", step(DROP, HEAD), {"abc": None}, "revision abc has not said what it knows"),
        ("beside a later release's", step(DROP, HEAD), {"abc": "9999"}, "revision abc knows no later one than 9999"),
        ("nobody says what runs", step(DROP, HEAD), {}, "nobody says what runs"),
        ("a lock is no contraction", step("CREATE INDEX i ON shortener.links (note)", HEAD), {"abc": HEAD},
         "use CONCURRENTLY"),
        ("a type is no contraction", step("ALTER TABLE shortener.links ALTER note TYPE int", HEAD), {"abc": HEAD},
         "changes the type of a column"),
        ("a contraction that locks", step("ALTER TABLE shortener.links ALTER note SET NOT NULL", HEAD), {"abc": HEAD},
         "NOT VALID, validated later"),
        ("and what nobody knows", step("CLUSTER shortener.links", HEAD), {"abc": HEAD}, "not known to be harmless"),
    ],
)  # fmt: skip
def test_beside_what_runs(sentence: str, taken: Step, running: dict[str, str | None], said: str | None) -> None:
    found = against([taken], LINKS, Running(running, STEPS))
    assert len(found) == (said is not None), sentence
    assert (said or "") in (found[0].fact if found else ""), sentence


def test_who_asks_can_tell_a_refusal_from_a_failure() -> None:
    assert Refused.exit_code not in (0, 1, 2, Failure.exit_code)


class Release:
    """This release with more steps: each one an SQL statement, and since when nothing is used of what it takes away."""

    def __init__(self, world: World, folder: Path, *steps: tuple[str, str | None]) -> None:
        self.world, self.folder = world, folder
        self.steps = steps
        shutil.copytree(Path(package.__file__).parent, folder / "shortener")
        names = [HEAD, *(f"{int(HEAD) + number:04}" for number in range(1, len(steps) + 1))]
        self.head = names[-1]
        for before, name, (sql, since) in zip(names, names[1:], steps, strict=False):
            text = f"from alembic import op\nrevision = {name!r}\ndown_revision = {before!r}\n"
            text += f"unused_since = {since!r}\ndef upgrade() -> None:\n    op.execute({sql!r})\n"
            (folder / f"shortener/migrations/versions/{name}_more.py").write_text(text)

    def run(self, *words: str, revision: str, beside: str = "") -> tuple[int, str]:
        """The exit code, and the sentence that was left behind, or else what was printed."""
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        environ = servers.as_owner(self.world.environ(TERMINATION_LOG=str(log)))
        path = os.pathsep.join([str(self.folder), environ["PYTHONPATH"]])
        environ |= {"REVISION": revision, "RUNNING_REVISIONS": beside, "PYTHONPATH": path}
        done = servers.shortener(environ, *words)
        assert "Traceback" not in done.stderr
        return done.returncode, log.read_text() if log.exists() else done.stdout


NOTE = ("ALTER TABLE shortener.links ADD COLUMN note text", None)
UNUSED = ("SELECT 1", None)
NEXT, LATER = (f"{int(HEAD) + number:04}" for number in (1, 2))
GONE = ("ALTER TABLE shortener.links DROP COLUMN note", LATER)


@pytest.mark.integration
def test_a_column_comes_and_goes_in_three_releases(world: World, tmp_path: Path) -> None:
    first = Release(world, tmp_path / "1", NOTE)
    second = Release(world, tmp_path / "2", NOTE, UNUSED)
    third = Release(world, tmp_path / "3", NOTE, UNUSED, GONE)
    assert first.run("migrate", "--check", revision="one", beside="nil")[0] == 0
    assert first.run("migrate", revision="one") == (0, f"the database is at {first.head}\n")
    code, said = third.run("migrate", "--check", revision="three", beside="one")
    assert code == Refused.exit_code
    assert said == (
        f"migration {NEXT} to {third.head} cannot run beside revision one: "
        "`ALTER TABLE SHORTENER.LINKS DROP COLUMN NOTE` "
        f"takes away what is used by releases before step {LATER}, and revision one knows no later one than {NEXT}; "
        f"release a version that knows {LATER} first. Nothing was changed."
    )
    assert world.sql("SELECT count(note) FROM shortener.links") == "0"
    assert second.run("migrate", "--check", revision="two", beside="one")[0] == 0
    assert second.run("migrate", revision="two")[0] == 0
    assert third.run("migrate", "--check", revision="three", beside="one two")[0] == Refused.exit_code
    code, ddl = third.run("migrate", "--check", revision="three", beside="two")
    assert (code, "DROP COLUMN note" in ddl) == (0, True)
    assert third.run("migrate", revision="three") == (0, f"the database is at {third.head}\n")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("sentence", "beside", "code"),
    [
        ("beside a revision that never said how far it is", "old", 3),
        ("when nobody says what runs", "", 3),
        ("where nothing runs, anything goes", "none", 0),
    ],
)
def test_a_drop_is_refused(world: World, tmp_path: Path, sentence: str, beside: str, code: int) -> None:
    release = Release(world, tmp_path / "1", ("DROP TABLE shortener.click_days", None))
    assert release.run("migrate", "--check", revision="new", beside=beside)[0] == code, sentence
    assert world.sql("SELECT count(*) FROM shortener.click_days") == "0"


@pytest.mark.integration
async def test_a_worker_whose_tables_a_later_release_took_does_not_get_ready(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_with(world) as running:
        await running.parts.store.check()
        world.sql(f"INSERT INTO shortener.contractions VALUES ('9998', '{HEAD}')")
        await running.parts.store.check()
        world.sql("INSERT INTO shortener.contractions VALUES ('9999', '9998')")
        for _ in range(2):
            with pytest.raises(ReleaseTooOld):
                await running.parts.store.check()
    assert [one.getMessage() for one in caplog.records if "took away" in one.getMessage()] == [
        "a later release took away what this one uses; go on from one that knows step 9998"
    ]
