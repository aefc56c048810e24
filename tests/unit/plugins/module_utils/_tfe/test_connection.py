# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every source of the connection options, its precedence, and whom a token may be sent to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tfe.admin.plugins.module_utils._tfe.connection import OPTIONS, Connection, connect
from ansible_collections.tfe.admin.plugins.module_utils._tfe.errors import TfeError


@pytest.fixture
def connected(tmp_path: Path) -> Any:
    """Settles options and environment in a home of its own, with an address and a token unless they are given."""

    def connected(options: dict[str, Any] | None = None, **environ: str) -> Connection:
        given = {**dict.fromkeys(OPTIONS), **(options or {})}
        return connect(given, {"HOME": str(tmp_path), **environ})

    return connected


def stored(home: Path, content: str, encoding: str = "utf-8") -> None:
    folder = home / ".terraform.d"
    folder.mkdir()
    (folder / "credentials.tfrc.json").write_text(content, encoding=encoding)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://tfe.example.com", "https://tfe.example.com"),
        ("tfe.example.com", "https://tfe.example.com"),
        ("tfe.example.com:8443", "https://tfe.example.com:8443"),
        ("https://tfe.example.com/", "https://tfe.example.com"),
        ("https://tfe.example.com/api/v2", "https://tfe.example.com"),
        ("https://tfe.example.com/api/v2/", "https://tfe.example.com"),
        ("https://tfe.example.com:443", "https://tfe.example.com"),
        ("https://tfe.example.com:1", "https://tfe.example.com:1"),
        ("HTTPS://TFE.Example.Com", "https://tfe.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("  tfe.example.com  ", "https://tfe.example.com"),
        ("tfe", "https://tfe"),
    ],
)
def test_spellings_of_an_address(connected: Any, text: str, address: str) -> None:
    assert connected({"tfe_address": text, "tfe_token": "t"}).address == address


@pytest.mark.parametrize(
    "text",
    [
        "ftp://tfe.example.com",
        "https://",
        "tfe example com",
        "https://tfe.example.com:port",
        "https://tfe.example.com:99999",
        "https://tfe.example.com/app/delta",
        "https://tfe.example.com/api/X",
        "https://tfe.example.com?x=1",
        "https://tfe.example.com#x",
        "https://[::1",
        "://",
        "-",
    ],
)
def test_an_address_that_is_none_is_named(connected: Any, text: str) -> None:
    with pytest.raises(TfeError, match="tfe_address") as error:
        connected({"tfe_address": text, "tfe_token": "t"})
    assert text in str(error.value)


def test_an_address_with_a_password_is_refused_and_not_shown(connected: Any) -> None:
    with pytest.raises(TfeError, match="TFE_ADDRESS") as error:
        connected(TFE_ADDRESS="https://admin:hunter2@tfe.example.com", TFE_TOKEN="t")
    assert "hunter2" not in str(error.value)


def test_address_precedence(connected: Any) -> None:
    everything = {"TFE_ADDRESS": "two", "TFE_HOSTNAME": "three", "TF_HOSTNAME": "four"}
    token = {"tfe_token": "t"}
    assert connected({"tfe_address": "one", **token}, **everything).address == "https://one"
    assert connected({"tfe_address": " ", **token}, **everything).address == "https://two"
    assert connected(token, **{**everything, "TFE_ADDRESS": ""}).address == "https://three"
    assert connected(token, **{**everything, "TFE_ADDRESS": "", "TFE_HOSTNAME": " "}).address == "https://four"
    with pytest.raises(TfeError, match=r"No address: set tfe_address, or one of .* TFE_ADDRESS, TFE_HOSTNAME"):
        connected(token, TF_HOSTNAME="")


def test_token_precedence(connected: Any, tmp_path: Path) -> None:
    stored(tmp_path, json.dumps({"credentials": {"tfe.example.com": {"token": "stored"}}}))
    environ = {"TF_HOSTNAME": "tfe.example.com", "TF_TOKEN": "tf", "TFE_TOKEN": "tfe"}
    assert connected({"tfe_token": "option"}, **environ).token == "option"
    assert connected({"tfe_token": ""}, **environ).token == "tfe"
    assert connected(**{**environ, "TFE_TOKEN": " "}).token == "tf"
    assert connected(**{**environ, "TFE_TOKEN": "", "TF_TOKEN": ""}).token == "stored"


@pytest.mark.parametrize(
    "source", [{"TFE_ADDRESS": "tfe.example.com"}, {"TFE_HOSTNAME": "tfe.example.com"}, {"option": "tfe.example.com"}]
)
def test_tf_token_goes_with_tf_hostname_only(connected: Any, source: dict[str, str]) -> None:
    environ = {"TF_TOKEN": "tf", "TF_HOSTNAME": "tfe.example.com", **source}
    with pytest.raises(TfeError, match=r"No token for tfe\.example\.com"):
        connected({"tfe_address": environ.pop("option", None)}, **environ)


@pytest.mark.parametrize("variable", ["TFE_ADDRESS", "TFE_HOSTNAME"])
def test_tfe_token_does_not_go_to_a_host_that_it_was_not_given_for(connected: Any, variable: str) -> None:
    environ = {"TFE_TOKEN": "secret-of-a", variable: "a.example.com"}
    assert connected({"tfe_address": "https://a.example.com:443/api/v2"}, **environ).token == "secret-of-a"
    for other in ("b.example.com", "a.example.com:8443", "http://a.example.com"):
        with pytest.raises(TfeError, match=f"No token for .*not sent.*{variable}") as error:
            connected({"tfe_address": other}, **environ)
        assert "secret-of-a" not in str(error.value)
    assert connected({"tfe_address": "b.example.com"}, TFE_TOKEN="secret-of-a").token == "secret-of-a"


def test_stored_credentials_are_for_exactly_their_host(connected: Any, tmp_path: Path) -> None:
    entries = {"TFE.example.com": {"token": "plain"}, "tfe.example.com:8443": {"token": "port"}, "example.com": {}}
    stored(tmp_path, json.dumps({"credentials": entries}))
    assert connected({"tfe_address": "tfe.example.com"}).token == "plain"
    assert connected({"tfe_address": "https://tfe.example.com:8443"}).token == "port"
    for other in ("example.com", "www.tfe.example.com", "tfe.example.com:9443"):
        with pytest.raises(TfeError, match="No token for"):
            connected({"tfe_address": other})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "JSONDecodeError"),
        ("\x00", "JSONDecodeError"),
        ("{}", "KeyError"),
        ("[]", "TypeError"),
        ('{"credentials": []}', "AttributeError"),
        ('{"credentials": {"tfe": "x"}}', "AttributeError"),
    ],
)
def test_unreadable_stored_credentials_are_named(connected: Any, tmp_path: Path, content: str, reason: str) -> None:
    stored(tmp_path, content)
    path = tmp_path / ".terraform.d/credentials.tfrc.json"
    with pytest.raises(TfeError) as error:
        connected({"tfe_address": "tfe"})
    assert str(error.value) == f"No token for tfe: {path} cannot be read ({reason})."


def test_stored_credentials_may_begin_with_the_mark_that_some_editors_write(connected: Any, tmp_path: Path) -> None:
    stored(tmp_path, json.dumps({"credentials": {"tfe": {"token": "stored"}}}), encoding="utf-8-sig")
    assert connected({"tfe_address": "tfe"}).token == "stored"


def test_stored_credentials_are_found_where_the_environment_tells_no_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(tmp_path, json.dumps({"credentials": {"tfe": {"token": "stored"}}}))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert connect({"tfe_address": "tfe"}, {}).token == "stored"


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "ümlaut"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(connected: Any, token: str) -> None:
    with pytest.raises(TfeError, match="The token in TFE_TOKEN") as error:
        connected(TFE_ADDRESS="tfe", TFE_TOKEN=token)
    assert token not in str(error.value)


def test_the_token_is_in_no_representation(connected: Any) -> None:
    assert "secret" not in repr(connected({"tfe_address": "tfe", "tfe_token": "secret"}))


@pytest.mark.parametrize(
    ("options", "environ", "verify"),
    [
        ({}, {}, True),
        ({}, {"TFE_VERIFY_TLS": "no"}, False),
        ({}, {"TFE_VERIFY_TLS": "", "TFE_SSL_SKIP_VERIFY": "1"}, False),
        ({}, {"TFE_SSL_SKIP_VERIFY": "False"}, True),
        ({}, {"TFE_SSL_SKIP_VERIFY": ""}, True),
        ({}, {"TFE_VERIFY_TLS": "true", "TFE_SSL_SKIP_VERIFY": "true"}, True),
        ({"tfe_verify_tls": False}, {"TFE_VERIFY_TLS": "true"}, False),
        ({"tfe_verify_tls": True}, {"TFE_VERIFY_TLS": "false"}, True),
        ({"tfe_verify_tls": False, "tfe_ca_bundle": "/"}, {}, False),
        ({"tfe_verify_tls": False, "tfe_ca_bundle": "/does/not/exist"}, {}, False),
        ({"tfe_ca_bundle": "/"}, {"TFE_CA_BUNDLE": "/does/not/exist"}, "/"),
        ({"tfe_ca_bundle": ""}, {"TFE_CA_BUNDLE": "/", "SSL_CERT_FILE": "/does/not/exist"}, "/"),
        ({}, {"TFE_CA_BUNDLE": "", "SSL_CERT_FILE": "/"}, "/"),
        ({}, {"SSL_CERT_FILE": ""}, True),
    ],
)
def test_tls(connected: Any, options: dict[str, Any], environ: dict[str, str], verify: bool | str) -> None:
    connection = connected({"tfe_address": "tfe.example.com", "tfe_token": "t", **options}, **environ)
    assert connection.verify == verify
    assert len(connection.warnings) == (0 if verify else 1)


@pytest.mark.parametrize(
    ("options", "environ", "message"),
    [
        ({"tfe_ca_bundle": "/does/not/exist"}, {}, "tfe_ca_bundle names a CA bundle that does not exist"),
        ({}, {"SSL_CERT_FILE": "/does/not/exist"}, "SSL_CERT_FILE names"),
        ({}, {"TFE_VERIFY_TLS": "perhaps"}, "TFE_VERIFY_TLS must be true or false"),
        ({}, {"TFE_SSL_SKIP_VERIFY": "perhaps"}, "TFE_SSL_SKIP_VERIFY must be true or false"),
        ({}, {"TFE_TIMEOUT": "soon"}, "TFE_TIMEOUT must be a number of seconds above 0"),
        ({"tfe_timeout": 0.0}, {}, "tfe_timeout must be"),
        ({"tfe_timeout": float("inf")}, {}, "tfe_timeout must be"),
        ({"tfe_timeout": 1e20}, {}, "tfe_timeout must be"),
        ({"tfe_max_retries": -1}, {}, "tfe_max_retries must be a whole number"),
        ({}, {"TFE_MAX_RETRIES": "1.5"}, "TFE_MAX_RETRIES must be a whole number"),
    ],
)
def test_values_that_cannot_be_used(
    connected: Any, options: dict[str, Any], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(TfeError, match=message):
        connected({"tfe_address": "tfe.example.com", "tfe_token": "t", **options}, **environ)


NO_TOKEN = "No token for tfe.example.com: set tfe_token, or the environment variable TFE_TOKEN."
NO_URL = "is not a URL or a host name:"
NO_SECONDS = "must be a number of seconds above 0, and 86400 at the most, not"
NO_COUNT = "must be a whole number from 0 to 100, not"
TFE = {"TFE_ADDRESS": "tfe.example.com", "TFE_TOKEN": "t"}


@pytest.mark.parametrize(
    ("options", "environ", "message"),
    [
        (
            {},
            {"TFE_TOKEN": "t"},
            (
                "No address: set tfe_address, or one of the environment variables TFE_ADDRESS, TFE_HOSTNAME, "
                "TF_HOSTNAME, to the address of your Terraform Enterprise."
            ),
        ),
        ({"tfe_address": "ftp://tfe"}, {}, f"tfe_address {NO_URL} 'ftp://tfe'"),
        ({"tfe_address": "https://tfe:0"}, {}, f"tfe_address {NO_URL} 'https://tfe:0'"),
        ({}, {"TFE_ADDRESS": "https://tfe:port"}, f"TFE_ADDRESS {NO_URL} 'https://tfe:port'"),
        ({"tfe_address": "tfe"}, {"TFE_ADDRESS": "ftp://tfe", "TFE_TOKEN": "t"}, f"TFE_ADDRESS {NO_URL} 'ftp://tfe'"),
        ({}, {"TFE_ADDRESS": "ftp://me:p@tfe"}, f"TFE_ADDRESS {NO_URL} (not shown, it contains a user name)"),
        (
            {"tfe_address": "https://tfe/app"},
            {},
            "tfe_address must be just https:// and the host name, nothing more: 'https://tfe/app'",
        ),
        ({}, {"TFE_HOSTNAME": "tfe.example.com"}, NO_TOKEN),
        (
            {"tfe_address": "tfe.example.com"},
            {"TFE_ADDRESS": "http://tfe.example.com", "TFE_TOKEN": "t"},
            f"{NO_TOKEN} The TFE_TOKEN that is set was not sent: it belongs to the host in TFE_ADDRESS.",
        ),
        (
            {},
            {**TFE, "TFE_TOKEN": "a b"},
            "The token in TFE_TOKEN contains white space or characters that no token has.",
        ),
        (
            {},
            {"TF_HOSTNAME": "tfe", "TF_TOKEN": "a b"},
            "The token in TF_TOKEN contains white space or characters that no token has.",
        ),
        (
            {"tfe_address": "tfe", "tfe_token": "\u00fc"},
            {},
            "The token in tfe_token contains white space or characters that no token has.",
        ),
        (
            {"tfe_ca_bundle": "/no/such"},
            TFE,
            "tfe_ca_bundle names a CA bundle that does not exist on this host: /no/such",
        ),
        ({}, {**TFE, "TFE_VERIFY_TLS": "perhaps"}, "TFE_VERIFY_TLS must be true or false, not 'perhaps'"),
        ({}, {**TFE, "TFE_SSL_SKIP_VERIFY": "2"}, "TFE_SSL_SKIP_VERIFY must be true or false, not '2'"),
        ({"tfe_timeout": 0.0}, TFE, f"tfe_timeout {NO_SECONDS} '0.0'"),
        ({"tfe_timeout": 86400.1}, TFE, f"tfe_timeout {NO_SECONDS} '86400.1'"),
        ({}, {**TFE, "TFE_TIMEOUT": "nan"}, f"TFE_TIMEOUT {NO_SECONDS} 'nan'"),
        ({"tfe_max_retries": -1}, TFE, f"tfe_max_retries {NO_COUNT} '-1'"),
        ({"tfe_max_retries": 101}, TFE, f"tfe_max_retries {NO_COUNT} '101'"),
        ({}, {**TFE, "TFE_MAX_RETRIES": "9" * 400}, f"TFE_MAX_RETRIES {NO_COUNT} '{'9' * 400}'"),
    ],
)
def test_messages_word_for_word(connected: Any, options: dict[str, Any], environ: dict[str, str], message: str) -> None:
    with pytest.raises(TfeError) as error:
        connected(options, **environ)
    assert str(error.value) == message


def test_warnings_word_for_word(connected: Any) -> None:
    plain = connected({"tfe_address": "http://tfe.example.com:81", "tfe_token": "t", "tfe_verify_tls": False})
    assert plain.warnings == ("tfe_address is plain http: the token travels to tfe.example.com unencrypted.",)
    unverified = connected(**TFE, TFE_VERIFY_TLS="no")
    assert unverified.warnings == ("TLS verification is off: whoever can answer for tfe.example.com gets the token.",)


def test_numbers_at_their_bounds(connected: Any) -> None:
    most = connected({"tfe_timeout": 86400.0, "tfe_max_retries": 100}, **TFE)
    assert (most.timeout, most.max_retries) == (86400.0, 100)
    assert connected({"tfe_timeout": 0.001}, **TFE).timeout == 0.001


PROXY_KEYS = "tfe_proxies may have the keys http, https and all, and not {}. NO_PROXY counts only for proxies of the"


@pytest.mark.parametrize(
    ("proxies", "named"),
    [
        ({"no_proxy": "tfe.example.com"}, "'no_proxy'"),
        ({"no_proxy": ""}, "'no_proxy'"),
        ({"HTTPS": "http://proxy", "https": "http://proxy", "no": "x"}, "'HTTPS', 'no'"),
        ({"https://tfe.example.com": "http://proxy"}, "'https://tfe.example.com'"),
        ({8080: "http://proxy"}, "'8080'"),
    ],
)
def test_a_key_of_proxies_that_would_do_nothing_is_an_error(
    connected: Any, proxies: dict[Any, str], named: str
) -> None:
    with pytest.raises(TfeError) as error:
        connected({"tfe_proxies": proxies}, **TFE)
    assert str(error.value) == (f"{PROXY_KEYS.format(named)} environment, which are used where tfe_proxies is not set.")


def test_all_three_keys_of_proxies_are_taken(connected: Any) -> None:
    proxies = {"http": "http://one", "https": "http://two", "all": "http://three"}
    assert connected({"tfe_proxies": proxies}, **TFE).proxies == proxies


@pytest.mark.parametrize("option", ["tfe_address", ""])
@pytest.mark.parametrize("bundle", ["tfe_ca_bundle", "TFE_CA_BUNDLE", "SSL_CERT_FILE", ""])
def test_where_address_and_bundle_came_from_is_known(connected: Any, option: str, bundle: str) -> None:
    options = {name: value for name, value in ((option, "tfe.example.com"), (bundle, "/")) if name.islower()}
    connection = connected(options, **TFE, **({bundle: "/"} if bundle.isupper() else {}))
    assert (connection.address_source, connection.bundle_source) == (option or "TFE_ADDRESS", bundle)


def test_numbers_and_proxies(connected: Any) -> None:
    base = {"tfe_address": "tfe", "tfe_token": "t"}
    plain = connected(base, TFE_TIMEOUT="", TFE_MAX_RETRIES=" ")
    assert (plain.timeout, plain.max_retries, plain.proxies) == (30.0, 5, {})
    environ = {"TFE_TIMEOUT": "2.5", "TFE_MAX_RETRIES": "0"}
    assert (connected(base, **environ).timeout, connected(base, **environ).max_retries) == (2.5, 0)
    given = connected({**base, "tfe_timeout": 7.0, "tfe_max_retries": 3}, **environ)
    assert (given.timeout, given.max_retries) == (7.0, 3)
    proxied = connected({**base, "tfe_proxies": {"https": "http://me:hunter2@proxy:3128", "http": ""}})
    assert proxied.proxies == {"https": "http://me:hunter2@proxy:3128"}


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("http://tfe.example.com", True),
        ("http://10.0.0.1", True),
        ("http://127.0.0.1:8080", False),
        ("http://localhost:8080", False),
        ("http://[::1]:8080", False),
        ("https://tfe.example.com", False),
    ],
)
def test_plain_http_warns_unless_it_stays_on_this_host(connected: Any, address: str, warned: bool) -> None:
    warnings = connected({"tfe_address": address, "tfe_token": "t"}).warnings
    assert bool(warnings) == warned
    assert not warned or "unencrypted" in warnings[0]
