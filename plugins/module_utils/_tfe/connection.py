# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From options and environment to an address, a token and how to talk to it. No HTTP happens here.

Blank means unset everywhere: AWX injects ``""`` for each credential field that is left empty.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ansible.module_utils.parsing.convert_bool import boolean

from .errors import TfeError
from .secrets import Secrets, proxy_secrets

OPTIONS: dict[str, dict[str, Any]] = {
    "tfe_address": {"type": "str"},
    "tfe_token": {"type": "str", "no_log": True},
    "tfe_verify_tls": {"type": "bool"},
    "tfe_ca_bundle": {"type": "path"},
    "tfe_timeout": {"type": "float"},
    "tfe_max_retries": {"type": "int"},
    "tfe_proxies": {"type": "dict", "no_log": True},
}
"""The argument spec that every module shares; documented in the fragment ``tfe.admin.connection``."""

DEFAULT_TIMEOUT = 30.0
DEFAULT_MAX_RETRIES = 5
_MOST_SECONDS = 86_400
_MOST_RETRIES = 100
"""urllib3 calls itself once a try, and Python ends that at some 500."""

_ADDRESS_VARIABLES = ("TFE_ADDRESS", "TFE_HOSTNAME", "TF_HOSTNAME")
_HOST_NAME = re.compile(r"^\w([\w.-]*\w)?\.?$")
_TOKEN = re.compile(r"^[\x21-\x7e]+$")
_PROXY_KEYS = ("http", "https", "all")
_API_ROOTS = ("", "/api", "/api/v2")


class Connection(NamedTuple):
    """How to reach one Terraform Enterprise.

    ``address`` is ``scheme://host[:port]`` without a trailing slash, ``timeout`` is in seconds, ``verify`` is what
    requests calls verify: false, true, or the path of a CA bundle. ``proxies`` maps a scheme to a URL; empty means
    the usual environment variables. ``warnings`` are for the user. A source is the option or the variable that
    something came from.
    """

    address: str
    token: str
    verify: bool | str = True
    timeout: float = DEFAULT_TIMEOUT
    max_retries: int = DEFAULT_MAX_RETRIES
    proxies: Mapping[str, str] = {}  # nobody changes it
    warnings: tuple[str, ...] = ()
    secrets: Secrets = Secrets(())
    address_source: str = "tfe_address"
    bundle_source: str = ""

    def __repr__(self) -> str:
        """Without anything that is secret."""
        return f"Connection({self.address!r})"

    def proxy_source(self, proxy: str) -> str:
        """The source of the ``proxy`` that requests chose for this address."""
        if self.proxies:
            return "tfe_proxies"
        for scheme in (self.address.partition(":")[0], "all"):
            for name in sorted(os.environ, reverse=True):  # the lower case comes first, as it does to requests
                if name.lower() == f"{scheme}_proxy" and os.environ[name].strip() == proxy:
                    return name
        return "the system's settings"


class _Server(NamedTuple):
    scheme: str
    host: str
    port: int

    @property
    def name(self) -> str:
        """``host`` or ``host:port``, the way that terraform's credentials file names a host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default_port = 443 if self.scheme == "https" else 80
        return host if self.port == default_port else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def find_secrets(options: Mapping[str, Any], environ: Mapping[str, str], *others: str) -> Secrets:
    """What no output may show: every token and proxy password that options and environment hold, used or not."""
    # A URL may have got into the place of a key.
    proxies = [_text(text) for entry in (options.get("tfe_proxies") or {}).items() for text in entry]
    proxies += [value for name, value in environ.items() if name.lower().endswith("_proxy")]
    tokens = [_text(options.get("tfe_token")), _text(environ.get("TFE_TOKEN")), _text(environ.get("TF_TOKEN"))]
    return Secrets([*others, *tokens, *(secret for url in proxies for secret in proxy_secrets(url))])


def connect(options: Mapping[str, Any], environ: Mapping[str, str]) -> Connection:
    """Settles every connection option: the option itself, else its environment variables, else the default.

    Raises TfeError where the address or the token is missing or a value cannot be used.
    """
    server, address_source = _find_server(options, environ)
    warnings = []
    verify, bundle_source = _find_verify(options, environ)
    if server.scheme == "http" and not server.is_loopback:
        warnings.append(f"{address_source} is plain http: the token travels to {server.host} unencrypted.")
    if server.scheme == "https" and not verify:
        warnings.append(f"TLS verification is off: whoever can answer for {server.host} gets the token.")
    token = _find_token(options, environ, server, address_source)
    return Connection(
        address=f"{server.scheme}://{server.name}",
        token=token,
        verify=verify,
        timeout=_find_number(options, environ, "tfe_timeout", DEFAULT_TIMEOUT, above=0),
        max_retries=int(_find_number(options, environ, "tfe_max_retries", DEFAULT_MAX_RETRIES, whole=True)),
        proxies=_find_proxies(options),
        warnings=tuple(warnings),
        secrets=find_secrets(options, environ, token),
        address_source=address_source,
        bundle_source=bundle_source,
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _first(options: Mapping[str, Any], environ: Mapping[str, str], option: str, *variables: str) -> tuple[str, str]:
    """(where it came from, its text) of the first that is not blank; two empty strings where all are."""
    for source, value in [(option, options.get(option)), *((name, environ.get(name)) for name in variables)]:
        if _text(value):
            return source, _text(value)
    return "", ""


def _find_server(options: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[_Server, str]:
    source, text = _first(options, environ, "tfe_address", *_ADDRESS_VARIABLES)
    if not source:
        raise TfeError(
            "No address: set tfe_address, or one of the environment variables "
            f"{', '.join(_ADDRESS_VARIABLES)}, to the address of your Terraform Enterprise."
        )
    return _parse_address(text, source), source


def _parse_address(text: str, source: str) -> _Server:
    """Reads ``https://host[:port]`` or a bare host name. The text is not echoed where it may hold a password."""
    shown = "(not shown, it contains a user name)" if "@" in text else repr(text)
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError as error:
        raise TfeError(f"{source} is not a URL or a host name: {shown}") from error
    host = _one_spelling(parts.hostname or "")
    if parts.scheme not in ("http", "https") or not (_HOST_NAME.match(host) or _is_ip_address(host)) or port == 0:
        raise TfeError(f"{source} is not a URL or a host name: {shown}")
    extra = "@" in parts.netloc or parts.path.rstrip("/") not in _API_ROOTS or parts.query or parts.fragment
    if extra:
        raise TfeError(f"{source} must be just https:// and the host name, nothing more: {shown}")
    return _Server(parts.scheme, host, port or (443 if parts.scheme == "https" else 80))


def _one_spelling(host: str) -> str:
    """The same host in one spelling: tasks for one server must come to one lock."""
    return str(ipaddress.ip_address(host)) if _is_ip_address(host) else host.rstrip(".")


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _find_token(options: Mapping[str, Any], environ: Mapping[str, str], server: _Server, address_source: str) -> str:
    """The token that was given for this server: a token must never reach a host that it does not belong to."""
    source, token = _first(options, environ, "tfe_token", "TFE_TOKEN")
    withheld = ""
    if source == "TFE_TOKEN" and address_source == "tfe_address":
        withheld = _other_host(environ, server)
        token = "" if withheld else token
    if not token and address_source == "TF_HOSTNAME":
        source, token = "TF_TOKEN", _text(environ.get("TF_TOKEN"))
    if not token and server.scheme == "https":
        from .credentials import stored_token  # noqa: PLC0415  # most users give the token

        source, token = stored_token(_text(environ.get("HOME")), server.name)
    if not token:
        reason = f"No token for {server.name}: set tfe_token, or the environment variable TFE_TOKEN."
        if withheld:
            reason += f" The TFE_TOKEN that is set was not sent: it belongs to the host in {withheld}."
        raise TfeError(reason)
    if not _TOKEN.match(token):
        raise TfeError(f"The token in {source} contains white space or characters that no token has.")
    return token


def _other_host(environ: Mapping[str, str], server: _Server) -> str:
    """The variable, if any, that says that TFE_TOKEN is for another host than this one."""
    for variable in ("TFE_ADDRESS", "TFE_HOSTNAME"):
        text = _text(environ.get(variable))
        if text and _parse_address(text, variable)[1:] != server[1:]:
            return variable
    return ""


def _find_verify(options: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[bool | str, str]:
    """What requests calls verify, and the source of the CA bundle where it is one."""
    source, text = _first(options, environ, "tfe_verify_tls", "TFE_VERIFY_TLS")
    if source:
        verify = _boolean(source, text)
    else:
        skip = _text(environ.get("TFE_SSL_SKIP_VERIFY"))
        verify = not (skip and _boolean("TFE_SSL_SKIP_VERIFY", skip))
    if not verify:
        return False, ""
    source, bundle = _first(options, environ, "tfe_ca_bundle", "TFE_CA_BUNDLE", "SSL_CERT_FILE")
    if bundle and not os.path.exists(bundle):
        raise TfeError(f"{source} names a CA bundle that does not exist on this host: {bundle}")
    return bundle or True, source


def _boolean(source: str, text: str) -> bool:
    try:
        return bool(boolean(text))
    except TypeError:
        raise TfeError(f"{source} must be true or false, not {text!r}") from None


def _find_number(
    options: Mapping[str, Any],
    environ: Mapping[str, str],
    option: str,
    default: float,
    *,
    above: float = -1,
    whole: bool = False,
) -> float:
    source, text = _first(options, environ, option, option.upper())
    if not source:
        return default
    try:
        number = float(int(text) if whole else float(text))
    except (ValueError, OverflowError):
        number = math.nan
    most = _MOST_RETRIES if whole else _MOST_SECONDS
    if not above < number <= most:
        kind = f"a whole number from 0 to {most}" if whole else f"a number of seconds above 0, and {most} at the most"
        raise TfeError(f"{source} must be {kind}, not {text!r}")
    return number


def _find_proxies(options: Mapping[str, Any]) -> dict[str, str]:
    """Scheme to proxy URL from the option; the environment's proxies are requests' own business.

    Raises TfeError for any other key: requests would take no notice of it.
    """
    proxies = {str(scheme): _text(url) for scheme, url in (options.get("tfe_proxies") or {}).items()}
    unknown = [key for key in proxies if key not in _PROXY_KEYS]
    if unknown:
        raise TfeError(
            f"tfe_proxies may have the keys http, https and all, and not {', '.join(map(repr, unknown))}. NO_PROXY "
            "counts only for proxies of the environment, which are used where tfe_proxies is not set."
        )
    return {scheme: url for scheme, url in proxies.items() if url}
