# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way a request went, and what on that way has to be mended: the address, a proxy, a certificate.

Needed on the way to an error only. A proxy is told without its user name and password.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import Connection

_PROXY_ASKS = re.compile("failed: 407|SOCKS5 authentication")
_CERTIFICATE = re.compile("CERTIFICATE_VERIFY_FAILED|doesn't match")
_WRONG_NAME = re.compile("mismatch|doesn't match")
_UNKNOWN_CA = re.compile("self.signed|unable to|signature failure")
"""In OpenSSL's words, those of the releases before 3.0 too. The last is what a CA's new key of the same name gets."""


def way(connection: Connection, proxy: str) -> str:
    """One sentence; ``proxy`` is the URL of the one that was used, "" where there was none."""
    if not proxy:
        return f"The address came from {connection.address_source}; the request went there directly, without a proxy."
    _user, host = _parts(proxy)
    source = connection.proxy_source(proxy)
    return (
        f"The address came from {connection.address_source}; the request went through the proxy {host}, which came "
        f"from {source}."
    )


def what_the_proxy_wants(connection: Connection, proxy: str) -> str:
    """What to do about 407."""
    if not proxy:
        return (
            "A proxy on the way wants a user name and a password, and none is set for this address: set tfe_proxies to "
            "it, as in http://user:password@proxy.example.com:3128."
        )
    user, _host = _parts(proxy)
    source = connection.proxy_source(proxy)
    if ":" in user:
        return f"The proxy refuses the user name and the password that {source} holds: correct them there."
    return (
        f"The proxy wants a user name and a password: write them into {source}, as in "
        "http://user:password@proxy.example.com:3128."
    )


def advice(connection: Connection, proxy: str, error: BaseException) -> str:
    """What to do about a proxy that wants a password, or about a certificate that is not trusted; else ""."""
    text = str(error)
    if _PROXY_ASKS.search(text):
        return what_the_proxy_wants(connection, proxy)
    return _about_certificate(connection, proxy, text) if _CERTIFICATE.search(text) else ""


def _about_certificate(connection: Connection, proxy: str, text: str) -> str:
    # What fails on the way to such a proxy looks alike.
    through_tls = proxy.lower().startswith("https:")
    whose = "the server, or of the proxy," if through_tls else "the server"
    if "certificate has expired" in text:
        return f"The certificate of {whose} has to be renewed."
    if "not yet valid" in text:
        return f"The certificate of {whose} is not valid yet: is the clock of this host right?"
    if _WRONG_NAME.search(text):
        names = connection.address_source
        if through_tls:
            names += f", or the proxy in {connection.proxy_source(proxy)},"
        return f"Set {names} to a name that the certificate is for."
    if not isinstance(connection.verify, str):
        return "If a company's own CA signed the certificate, set tfe_ca_bundle to the file with that CA."
    if not _UNKNOWN_CA.search(text):
        return ""
    said = (
        f"The CA bundle {connection.verify}, which came from {connection.bundle_source}, does not hold the CA that "
        f"signed the certificate of {whose.rstrip(',')}: add it there."
    )
    if os.path.isdir(connection.verify):
        said += " In a folder only those files count that have names as openssl rehash gives them."
    return said


def _parts(proxy: str) -> tuple[str, str]:
    """(user name and password, the rest as a URL) of a proxy, which may lack its scheme."""
    scheme, _colon, rest = proxy.rpartition("://")
    user, _at, host = rest.rpartition("@")
    return user, f"{scheme.lower() or 'http'}://{re.split('[/?#]', host.lstrip('/'))[0]}"
