import hashlib

import pytest

from toprope_kit.auth import bearer, mint, parse, same
from toprope_kit.problem import Unauthorized

SECRET = "s" * 43


def test_a_minted_key_is_recognised_by_what_is_stored_of_it() -> None:
    minted = mint()
    presented = parse(minted.text)
    assert presented is not None
    assert presented.key_id == minted.key_id
    assert same(presented.digest, minted.digest)


def test_two_keys_have_nothing_in_common() -> None:
    one, other = mint("abcd"), mint("abcd")
    assert not same(one.digest, other.digest)


def test_the_digest_is_the_sha256_of_the_secret() -> None:
    presented = parse(f"tr_abcd_{SECRET}")
    assert presented is not None
    assert presented.digest == hashlib.sha256(SECRET.encode()).digest()


def test_neither_secret_nor_digest_is_shown_by_accident() -> None:
    minted = mint("abcd")
    assert minted.text not in repr(minted)
    assert repr(minted) == "MintedKey(key_id='abcd')"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tr_",
        "tr_abcd_",
        f"tr_ABCD_{SECRET}",
        f"xx_abcd_{SECRET}",
        f"tr_abcd_{SECRET} ",
        "tr_abcd_short",
        f"tr__{SECRET}",
    ],
)
def test_anything_else_is_no_key(text: str) -> None:
    assert parse(text) is None


def test_a_bearer_header_carries_the_key() -> None:
    assert bearer(f"bearer tr_abcd_{SECRET}").key_id == "abcd"


@pytest.mark.parametrize("header", [None, "", "Basic dGVzdA==", f"tr_abcd_{SECRET}", "Bearer nothing"])
def test_any_other_header_is_unauthorized(header: str | None) -> None:
    with pytest.raises(Unauthorized):
        bearer(header)
