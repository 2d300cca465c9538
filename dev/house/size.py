"""The size of things: functions that fit on a screen, files that hold one idea, tests that are read in one look.

A function's size is its lines of code without docstring, blank lines and comments. The bounds are those of
CONTRIBUTING.md; branches and arguments are ruff's business.
"""

import ast
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FUNCTION = 50
TEST = 25
FILE = 400
FILE_WARNED = 300
MEDIAN = 8
NINTH_DECILE = 30

PRODUCT = ("operator/src", "workloads", "dev", "bench")
EVERYTHING = (*PRODUCT, "tests")
LEFT_OUT = ("migrations/versions",)
"""A migration is one statement after the other and is never edited again."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function, its nested ones included."""

    where: str
    """`path:line name`."""
    lines: int
    is_test: bool
    is_product: bool
    """Whether it counts for the median: tests and what supports them have a shape of their own."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: `broken` fails the gate, `warned` does not."""

    broken: Sequence[str]
    warned: Sequence[str]
    summary: str


def report(files: Iterable[Path], root: Path) -> Report:
    """Measures `files`; paths in the report are relative to `root`."""
    texts = {path.relative_to(root): path.read_text(encoding="utf-8") for path in files}
    measured = [function for path, text in texts.items() for function in functions(path, text)]
    lengths = {path: text.count("\n") for path, text in texts.items()}
    product = sorted(one.lines for one in measured if one.is_product)
    broken = [_too_long(one) for one in measured if one.lines > (TEST if one.is_test else FUNCTION)]
    broken += [f"{path}: {lines} lines; a file has at most {FILE}" for path, lines in lengths.items() if lines > FILE]
    warned = [
        f"{path}: {lines} lines; more than {FILE_WARNED} is a second idea"
        for path, lines in lengths.items()
        if FILE_WARNED < lines <= FILE
    ]
    return Report([*broken, *_shape(product)], warned, _summary(product, len(lengths)))


def functions(path: Path, text: str) -> Iterator[Function]:
    """The functions of one file, methods included, nested ones only as part of what holds them."""
    lines, product = text.splitlines(), "tests" not in path.parts
    tested = path.name.startswith("test_")
    for node in _outermost(ast.parse(text, str(path))):
        is_test = tested and node.name.startswith("test_")
        yield Function(f"{path}:{node.lineno} {node.name}", _size(node, lines), is_test, product)


def _outermost(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
        else:
            yield from _outermost(child)


def _size(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: Sequence[str]) -> int:
    left_out: set[int] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(inner) is not None:
            docstring = inner.body[0]
            left_out.update(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    counted = (number for number in range(node.lineno, (node.end_lineno or node.lineno) + 1) if number not in left_out)
    return sum(1 for number in counted if (code := lines[number - 1].strip()) and not code.startswith("#"))


def _too_long(one: Function) -> str:
    most, what = (TEST, "a test") if one.is_test else (FUNCTION, "a function")
    return f"{one.where}: {one.lines} lines; {what} has at most {most}"


def _shape(product: Sequence[int]) -> list[str]:
    if not product:
        return []
    median, decile = statistics.median(product), _ninth_decile(product)
    broken = [f"the median function has {median:g} lines; at most {MEDIAN}"] if median > MEDIAN else []
    return broken + (
        [f"one function of ten has more than {decile} lines; at most {NINTH_DECILE}"] if decile > NINTH_DECILE else []
    )


def _ninth_decile(product: Sequence[int]) -> int:
    return product[int(len(product) * 0.9)]


def _summary(product: Sequence[int], files: int) -> str:
    if not product:
        return f"{files} files, no functions"
    return (
        f"{len(product)} functions in {files} files: median {statistics.median(product):g} lines, "
        f"ninth decile {_ninth_decile(product)}, longest {product[-1]}"
    )


def python_files(root: Path, folders: Iterable[str] = EVERYTHING) -> list[Path]:
    """The Python files of the folders, without what is left out."""
    return [
        path
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
        if not any(part in path.as_posix() for part in LEFT_OUT)
    ]


def main() -> int:
    """Prints the report; 1 when a bound is broken."""
    try:
        found = report(python_files(Path.cwd()), Path.cwd())
    except SyntaxError as error:
        print(f"{error.filename}:{error.lineno}: {error.msg}; nothing was measured", file=sys.stderr)
        return 1
    for line in found.warned:
        print(f"warning: {line}", file=sys.stderr)
    for line in found.broken:
        print(line, file=sys.stderr)
    print(found.summary)
    return 1 if found.broken else 0


if __name__ == "__main__":
    sys.exit(main())
