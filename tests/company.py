# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A company's own CA, as it was made with three openssl commands years ago.

No certificate has an Authority Key Identifier or a keyUsage, and the CA's basicConstraints are not critical. terraform,
curl and Python up to 3.12 take them; Python 3.13 with a current urllib3 does not by itself (API 10).
"""

from __future__ import annotations

import datetime
import ssl
import tempfile
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME_IN_A_FOLDER = "6251df25.0"
"""What ``openssl rehash`` calls the file with the root's certificate: it follows from the name of the root."""

_DAY = datetime.timedelta(days=1)


class Certificate:
    """A server's certificate with its key."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + certificate.public_bytes(serialization.Encoding.PEM)

    def configure_cert(self, context: ssl.SSLContext) -> None:
        """Lets a server show it."""
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(self._pem)
            file.flush()
            context.load_cert_chain(file.name)


class CompanyCA:
    """A root, and what it signs."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Company Root")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        builder = self._builder(self._name, self._key).add_extension(constraints, critical=False)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    def write(self, path: Path) -> str:
        """Writes the root's certificate to a file, and returns its path."""
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        return str(path)

    def issue_cert(self, *hosts: str, not_after: datetime.datetime | None = None) -> Certificate:
        """A certificate for these host names and IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        names = x509.SubjectAlternativeName(
            [x509.IPAddress(ip_address(it)) if it[0].isdigit() else x509.DNSName(it) for it in hosts]
        )
        builder = self._builder(name, key, not_after).add_extension(names, critical=False)
        return Certificate(builder.sign(self._key, hashes.SHA256()), key)

    def _builder(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, not_after: datetime.datetime | None = None
    ) -> x509.CertificateBuilder:
        end = not_after or datetime.datetime.now(datetime.timezone.utc) + 365 * _DAY
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - 730 * _DAY)
            .not_valid_after(end)
        )
