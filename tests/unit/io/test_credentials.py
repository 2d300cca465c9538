"""Where the API server is and who we are, from a kubeconfig."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from toprope.io.credentials import CredentialsError, connection, from_kubeconfig


def a_kubeconfig(path: Path, user: dict[str, Any], **cluster: str) -> Path:
    config = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443/", **cluster}}],
        "users": [{"name": "u", "user": user}],
    }
    file = path / "config"
    file.write_text(yaml.safe_dump(config))
    return file


def test_inline_certificates_are_decoded(tmp_path: Path) -> None:
    text = base64.b64encode(b"PEM").decode()
    user = {"client-certificate-data": text, "client-key-data": text}
    found = from_kubeconfig(a_kubeconfig(tmp_path, user, **{"certificate-authority-data": text}))
    assert (found.server, found.authority, found.certificate, found.key) == ("https://127.0.0.1:6443", *["PEM"] * 3)


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("PEM")
    assert from_kubeconfig(a_kubeconfig(tmp_path, {}, **{"certificate-authority": "ca.crt"})).authority == "PEM"


def test_a_token_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    found = from_kubeconfig(a_kubeconfig(tmp_path, {"tokenFile": str(file)}))
    assert found.bearer() == "first"
    file.write_text("second\n")
    assert found.bearer() == "second"


def test_a_plug_in_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="logs in by a plug-in; use a client certificate or a token"):
        from_kubeconfig(a_kubeconfig(tmp_path, {"exec": {"command": "aws"}}))


def test_a_missing_kubeconfig_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="set KUBECONFIG"):
        connection(tmp_path / "none")


def test_secrets_do_not_show_in_its_text(tmp_path: Path) -> None:
    assert "sesame" not in repr(from_kubeconfig(a_kubeconfig(tmp_path, {"token": "sesame"})))
