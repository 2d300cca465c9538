"""Selectors that mean the same, and those that do not."""

import pytest

from toprope.slo.selectors import alike


@pytest.mark.parametrize(
    "text",
    [
        'jobs_total{result="failed",queue="a"}',
        "jobs_total{ queue='a' , result='failed' }",
        '{__name__="jobs_total",queue="a",result="failed"}',
        'jobs_total{queue="a",result="failed",namespace="shop",queue="a"}',
    ],
)
def test_what_means_the_same_is_the_same(text: str) -> None:
    assert alike(text) == alike('jobs_total{queue="a",result="failed"}')


@pytest.mark.parametrize(
    "text", ["jobs_total", 'jobs_total{queue="a",result!="failed"}', 'jobs_total{queue="a",result=~"failed"}', "jobs_"]
)
def test_what_does_not_is_not(text: str) -> None:
    assert alike(text) != alike('jobs_total{queue="a",result="failed"}')


def test_what_is_no_selector_stands_for_itself() -> None:
    assert (alike("rate(a[5m])"), alike("a{")) == ("rate(a[5m])", "a{")
