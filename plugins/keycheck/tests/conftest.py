import os
import shutil
import subprocess
import tempfile

import pytest


class Gpg:
    """A gpg with a home of its own."""

    def __init__(self, home: str) -> None:
        self.home = home

    def run(self, *arguments: str, data: bytes = b"") -> bytes:
        return subprocess.run(
            ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", *arguments], input=data,
            env={"PATH": os.environ["PATH"], "GNUPGHOME": self.home, "LC_ALL": "C"}, capture_output=True, timeout=120,
            check=True).stdout

    def generate(self, user_id: str, algorithm: str = "ed25519") -> str:
        """Makes a key; its fingerprint."""
        self.run("--quick-gen-key", user_id, algorithm, "sign", "0")
        lines = self.run("--with-colons", "--list-keys", user_id).decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr:"))


@pytest.fixture(scope="session")
def gpg():
    if shutil.which("gpg") is None:
        message = "expected: gpg in PATH, got: none"
        assert os.environ.get("HKP_REQUIRE_ALL") != "true", message
        pytest.skip(message)
    # Short: it has sockets in it.
    home = tempfile.mkdtemp(prefix="kc")
    try:
        yield Gpg(home)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env={"PATH": os.environ["PATH"], "GNUPGHOME": home}, timeout=60, check=False)
        shutil.rmtree(home, ignore_errors=True)
