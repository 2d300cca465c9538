from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dev import kubeconfig
from dev.certs import Identity, Pair, new_authority, read_authority
from dev.controlplane.credentials import write_credentials, write_kubeconfig
from dev.kubeconfig import Login

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
NODE = Identity("system:node:toprope", ("system:nodes",), ("toprope", "10.89.0.1"))


def loaded(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate)


def test_a_certificate_carries_user_groups_names_and_addresses() -> None:
    certificate = loaded(new_authority("ca", NOW).issue(NODE, NOW))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "system:node:toprope"
    assert certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:nodes"
    assert names.get_values_for_type(x509.DNSName) == ["toprope"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.89.0.1"]


def test_a_certificate_is_signed_by_its_authority_and_is_none_itself() -> None:
    authority = new_authority("ca", NOW)
    certificate = loaded(authority.issue(NODE, NOW))
    certificate.verify_directly_issued_by(authority.certificate)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_only_who_has_hosts_may_serve() -> None:
    certificate = loaded(new_authority("ca", NOW).issue(Identity("somebody"), NOW))
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_it_holds_from_an_hour_before_to_a_year_after() -> None:
    certificate = loaded(new_authority("ca", NOW).issue(NODE, NOW))
    assert certificate.not_valid_before_utc == NOW - timedelta(hours=1)
    assert certificate.not_valid_after_utc == NOW + timedelta(days=365)


def test_credentials_are_written_once_and_keys_are_private(tmp_path: Path) -> None:
    write_credentials(tmp_path, ("127.0.0.1",), NOW)
    first = (tmp_path / "pki" / "ca.crt").read_bytes()
    write_credentials(tmp_path, ("127.0.0.1",), NOW)
    assert (tmp_path / "pki" / "ca.crt").read_bytes() == first
    assert all(key.stat().st_mode & 0o077 == 0 for key in (tmp_path / "pki").glob("*.key"))


def test_half_written_credentials_of_an_interrupted_start_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "pki.part").mkdir()
    (tmp_path / "pki.part" / "ca.crt").write_text("half")
    write_credentials(tmp_path, ("127.0.0.1",), NOW)
    assert read_authority(tmp_path / "pki", "ca").certificate.subject


def test_a_kubeconfig_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write_credentials(tmp_path, ("127.0.0.1",), NOW)
    path = write_kubeconfig(tmp_path, "admin", "https://127.0.0.1:6443", Identity("me", ("us",)), NOW)
    login = kubeconfig.read(path)
    assert isinstance(login, Login)
    assert login.server == "https://127.0.0.1:6443"
    assert login.authority == (tmp_path / "pki" / "ca.crt").read_bytes()
    assert path.stat().st_mode & 0o077 == 0
