"""What Postgres stores of a password. Made here, so that the password itself never travels nor lands in a log."""

import base64
import hashlib
import hmac
import secrets

ITERATIONS = 4096
"""What Postgres itself uses."""


def verifier(password: str, salt: bytes | None = None) -> str:
    """`SCRAM-SHA-256$…`, as `ALTER ROLE … PASSWORD` takes it; it holds no quote. Our passwords are plain ASCII."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"
