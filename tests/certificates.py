"""Certificate authorities of a test's own, and servers that show their certificates."""

from __future__ import annotations

import datetime
import ssl

import trustme


class Authority:
    """A certificate authority that no trust store knows.

    Attributes:
        file: its certificate, for ``SSL_CERT_FILE``.
    """

    def __init__(self, folder, name="authority"):
        self._authority = trustme.CA(organization_name=name)
        self.file = folder / f"{name}.pem"
        self._authority.cert_pem.write_to_path(self.file)

    def folder(self, path):
        """Make a folder of the form that ``SSL_CERT_DIR`` names: files called by their hash."""
        path.mkdir()
        context = ssl.create_default_context(cafile=self.file)
        assert context.get_ca_certs()
        (path / f"{hash_of(self.file)}.0").write_bytes(self.file.read_bytes())
        return path

    def server(self, *names, days=1, newest=None):
        """Return a server's context with a certificate for these names and addresses."""
        now = datetime.datetime.now(datetime.timezone.utc)
        leaf = self._authority.issue_cert(
            *(names or ["127.0.0.1"]),
            not_before=now - datetime.timedelta(days=30),
            not_after=now + datetime.timedelta(days=days),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if newest is not None:
            context.maximum_version = newest
        leaf.configure_cert(context)
        return context


def hash_of(file):
    """Return OpenSSL's hash of the certificate's subject, by which it looks for the file."""
    import subprocess

    command = ["openssl", "x509", "-in", str(file), "-noout", "-subject_hash"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
