"""What is generated into Secrets."""

import re

from toprope.engine.fresh import fresh_text


def test_a_password_is_long_and_never_the_same() -> None:
    assert len({fresh_text("app-password") for _ in range(9)}) == 9
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", fresh_text("app-password"))


def test_an_api_key_has_the_form_that_our_services_take() -> None:
    # The form of toprope_kit.auth; the operator imports nothing of it.
    form = r"tr_[a-z0-9]{4,32}_[A-Za-z0-9_-]{32,128}"
    assert re.fullmatch(form, fresh_text("api-key"))
    assert re.fullmatch(form, fresh_text("api-key.next"))
