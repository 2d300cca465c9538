"""The documents say what is there."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FOLDERS = (ROOT, ROOT / "dev", ROOT / "bench", ROOT / "docs", ROOT / "docs" / "runbooks")
DOCUMENTS = [one for folder in FOLDERS for one in sorted(folder.glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_links_to_exists(document: Path) -> None:
    assert [link for link in LINK.findall(document.read_text()) if not (document.parent / link).exists()] == []


def test_the_readme_shows_the_example_that_the_demo_applies() -> None:
    assert f"```yaml\n{(ROOT / 'examples' / 'links.yaml').read_text()}```" in README


def test_the_readme_names_only_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= targets


def test_the_gates_of_pre_commit_and_of_make_are_the_same_programs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    gates = set(re.findall(r"^([a-z_]+)\(\)", (ROOT / "dev" / "lint").read_text(), re.MULTILINE))
    assert set(hooks[0]["entry"].split()[1:]) <= gates
