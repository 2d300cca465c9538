"""Quantities as the API server writes them back."""

import pytest

from toprope.core.quantity import amount, canonical, mebibytes


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1500m", "1500m"),
        ("0", "0"),
        ("1000", "1k"),
        ("1024Mi", "1Gi"),
        ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Ki", "512"),
        ("1.3Ki", "1331200m"),
        ("1000M", "1G"),
        ("0.0000000001", "1n"),
    ],
)
def test_a_quantity_is_written_as_the_api_server_does(said: str, written: str) -> None:
    assert canonical(said) == written
    assert canonical(written) == written


def test_quantities_of_different_units_compare() -> None:
    assert amount("1Gi") > amount("1G") > amount("900Mi")


def test_what_is_no_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="is no unit"):
        amount("1GM")


@pytest.mark.parametrize(("said", "whole"), [("32Mi", 32), ("1Gi", 1024), ("1M", 1), ("40M", 38)])
def test_memory_in_whole_mebibytes(said: str, whole: int) -> None:
    assert mebibytes(said) == whole
