from pathlib import Path

import pytest

from dev.build.base import mirror_in
from dev.build.buildah import pip_settings
from dev.build.images import Image, project_images, version
from dev.errors import Missing


def an_image(tmp_path: Path, source: str = "print(1)") -> Image:
    (tmp_path / "app").mkdir(exist_ok=True)
    (tmp_path / "app" / "main.py").write_text(source)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return Image("docker.io/toprope/app:1", tmp_path / "Dockerfile", tmp_path, (tmp_path / "app",))


def test_an_image_is_built_again_when_a_source_changes(tmp_path: Path) -> None:
    before = an_image(tmp_path).fingerprint
    assert an_image(tmp_path).fingerprint == before
    assert an_image(tmp_path, "print(2)").fingerprint != before


def test_an_image_is_built_again_when_a_file_moves_or_becomes_a_program(tmp_path: Path) -> None:
    image = an_image(tmp_path)
    before = image.fingerprint
    (tmp_path / "app" / "main.py").chmod(0o755)
    executable = image.fingerprint
    (tmp_path / "app" / "sub").mkdir()
    (tmp_path / "app" / "main.py").rename(tmp_path / "app" / "sub" / "main.py")
    assert len({before, executable, image.fingerprint}) == 3


@pytest.mark.parametrize("image", project_images(), ids=lambda image: image.name)
def test_everything_that_a_dockerfile_copies_decides_whether_it_is_built_again(image: Image) -> None:
    copied = [line.split() for line in image.dockerfile.read_text().splitlines() if line.startswith("COPY ")]
    sources = [
        word for words in copied if "--from=" not in words[1] for word in words[1:-1] if not word.startswith("--")
    ]
    assert sources
    assert [
        each for each in sources if not any((image.context / each).is_relative_to(one) for one in image.inputs)
    ] == []


def test_tests_and_compiled_files_do_not_count(tmp_path: Path) -> None:
    image = an_image(tmp_path)
    before = image.fingerprint
    for name in ("tests", "__pycache__"):
        (tmp_path / "app" / name).mkdir()
        (tmp_path / "app" / name / "x.py").write_text("more")
    assert image.fingerprint == before


def test_the_tag_is_the_operators_version(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text('"""Words."""\n\n__version__ = "1.2.3"\n')
    assert version(tmp_path / "__init__.py") == "1.2.3"
    with pytest.raises(Missing, match="__version__"):
        version(tmp_path / "gone.py")


def test_every_project_image_carries_the_same_tag() -> None:
    assert {image.name.rpartition(":")[2] for image in project_images()} == {version()}
    assert project_images(["no-such-image"]) == []


def test_pip_settings_that_hold_in_a_build_are_carried_and_others_are_not() -> None:
    listed = (
        "global.cert='/etc/ssl/ca.pem'\n:env:.find-links='/opt/wheels'\ninstall.index-url='https://mirror/simple'\n"
    )
    assert pip_settings(listed) == "[global]\ncert = /etc/ssl/ca.pem\nindex-url = https://mirror/simple\n"


@pytest.mark.parametrize(
    ("line", "mirror"),
    [
        ("Types: deb\nURIs: http://mirror/debian\nSuites: bookworm", "http://mirror/debian"),
        ("deb [arch=amd64] https://mirror/debian/ bookworm main", "https://mirror/debian"),
        ("# deb http://old/debian bookworm main", None),
        ("deb http://mirror/debian-security bookworm-security main", None),
    ],
)
def test_the_machines_own_mirror_is_found_in_both_formats(line: str, mirror: str | None) -> None:
    assert mirror_in(line) == mirror
