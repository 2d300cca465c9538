"""Certificates of a cluster: one authority, one pair for each that speaks.

Elliptic curve keys, because a floor starts in seconds and an RSA key alone may take one.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)
EARLIER = timedelta(hours=1)  # a clock that is set back a little after the start does no harm


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path, name: str) -> None:
        """As `name`.crt and `name`.key (readable by the owner only)."""
        (folder / f"{name}.crt").write_bytes(self.certificate)
        write_private(folder / f"{name}.key", self.key)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a certificate speaks for: a user with groups, or a server with names and addresses."""

    common_name: str
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs the certificates of one cluster."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pair(self) -> Pair:
        """As PEM; controller-manager signs with it, everyone trusts its certificate."""
        return Pair(pem(self.certificate), private_pem(self.key))

    def issue(self, identity: Identity, now: datetime) -> Pair:
        """A certificate for this identity, good as a client and, when it names hosts, as a server."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        draft = begin(subject(identity), self.certificate.subject, key, now)
        draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        draft = draft.add_extension(x509.ExtendedKeyUsage(usages[: 2 if identity.hosts else 1]), critical=False)
        if identity.hosts:
            draft = draft.add_extension(x509.SubjectAlternativeName(alternatives(identity.hosts)), critical=False)
        return Pair(pem(draft.sign(self.key, hashes.SHA256())), private_pem(key))


def new_authority(name: str, now: datetime) -> Authority:
    """An authority that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = subject(Identity(name))
    draft = begin(own, own, key, now).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Authority(draft.sign(key, hashes.SHA256()), key)


def read_authority(folder: Path, name: str) -> Authority:
    """The authority that was written to `folder` as `name`."""
    key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{folder}/{name}.key is no elliptic curve key")
    return Authority(x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes()), key)


def signing_key() -> tuple[bytes, bytes]:
    """Private and public PEM of the key that signs service account tokens."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private_pem(key), public


def begin(
    owner: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    """What every certificate of ours has."""
    return (
        x509.CertificateBuilder()
        .subject_name(owner)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + LIFETIME)
    )


def subject(identity: Identity) -> x509.Name:
    """Kubernetes reads the user from CN and the groups from O."""
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in identity.groups]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, identity.common_name)])


def alternatives(hosts: Sequence[str]) -> list[x509.GeneralName]:
    """Names and addresses that a server answers under."""
    return [alternative(host) for host in hosts]


def alternative(host: str) -> x509.GeneralName:
    """An address when it is one, else a name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def pem(certificate: x509.Certificate) -> bytes:
    """A certificate as text."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A key as text, unencrypted: its file's mode guards it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_private(path: Path, content: bytes) -> None:
    """A file that only its owner ever could read, also for the instant after its creation."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
