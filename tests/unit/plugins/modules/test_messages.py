# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task that fails tells, word for word: somebody reads it at night, and acts on it.

TFE stands for the simulator's address, ID:name for an external id, and N for seconds.
"""

from __future__ import annotations

import gzip
import re
import socket
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from ansible_collections.tfe.admin.tests.simulator import Behaviour, Fault, Organization
from ansible_collections.tfe.admin.tests.unit.plugins.conftest import ORGANIZATIONS, RunModule, StartSimulator, listen

E7 = "TFE/api/v2/admin/organizations"
DELTA = f"{E7}/delta"
E1 = f"PATCH {DELTA}/module-consumers"
E2 = f"GET {DELTA}/relationships/module-consumers"
NOT_FOUND = f"GET {DELTA} answered 404 Not Found: not found."
NOT_ALLOWED = (
    "The token's user may not do this, or something in front of TFE, such as a proxy or a firewall, refuses it."
)
FORBIDDEN = f"GET {DELTA} answered 403 Forbidden: forbidden. {NOT_ALLOWED}"
CONFLICT = f"{E1} answered 409 Conflict: conflict."
BAD_TOKEN = (
    "The token is invalid, expired or revoked; or TFE uses SAML and the session behind the token has lapsed (after "
    "14 days unless the site says otherwise): sign in to TFE in a browser once, then run again."
)
NO_ADMIN = (
    "The token works, but its user is not a site administrator, and TFE hides the whole admin API from everybody else "
    "(team and organization tokens too). Use a site administrator's user token."
)
PERHAPS_NO_ADMIN = (
    "There is no such thing, or the token's user is not a site administrator: TFE answers 404 to both, and does not "
    "tell which it is."
)
HCP = (
    "is HCP Terraform, which has no admin API. Sharing a registry between organizations is a feature of Terraform "
    "Enterprise: set tfe_address to yours."
)
CLOSED = (
    f"The token's user is a site administrator, yet the admin API is closed to it (GET {E7} answered 404 Not Found: "
    "not found.). Does the site require two-factor authentication that this user has not set up?"
)
DIRECT = "The address came from tfe_address; the request went there directly, without a proxy."
NOT_TFE = (
    f"{DIRECT} Is this the address of Terraform Enterprise itself, and not of a sign-in page or a proxy in front of it?"
)
ACCOUNT = "GET TFE/api/v2/account/details"
PUT = f"PUT {DELTA}/registry-partnerships"
NO_OTHER_WAY = (
    f"The module consumers of delta cannot be written, although the organization itself was just read: {E1} answered "
    f"404 Not Found: not found. PATCH {DELTA}/relationships/module-consumers answered 410 Gone: gone."
)
PAGE = "a web page came instead of TFE's answer"
AS_BEFORE = "Read again, the sharing of delta is as it was before: nothing was changed."
SO_FAR = (
    "Read again, the sharing of delta is as it was before. Yet the server may still be at work on the write: run again "
    "to see."
)
OTHERWISE = "Read again, the sharing of delta is not what was asked for:"
ACCEPTED = f"The server accepted the write. {OTHERWISE}"
UNKNOWN_NOW = "The write may have been applied: what delta shares now is not known, since reading it back failed."
FAILED_OF_ONE = (
    "of 1 producers did not come to what was asked for. Every other one did. Once the cause is mended, the same task "
    "finishes the job."
)
FAILED_OF_TWO = (
    "of 2 producers did not come to what was asked for. Every other one did. Once the cause is mended, the same task "
    "finishes the job."
)
ELEMENT = "it must be the name or the external id of an organization."
CLEAR = "To clear the list, say so with an empty list: consumers: []."

NOTHING = "Nothing of delta was changed."
PUT_CHANGED = "PUT registry-partnerships, or somebody else meanwhile, changed who may use the"
PUT_MAY_HAVE_CHANGED = "PUT registry-partnerships may have changed who may use the"
SET_RIGHT = "Set that right in TFE's admin pages, or by a task"

ETA = {"organization": "delta", "consumers": ["eta"]}
MEMBER = {**ETA, "tfe_token": "MEMBER"}
PUT_ONLY = Behaviour(legacy_write="404", relationship_write="410")
PUT_WITHOUT_FLAG = Behaviour(legacy_write="404", relationship_write="410", without_provider_flag=True)
PUT_DROPS_42 = Behaviour(legacy_write="404", relationship_write="410", write_drops=("42",))
PRODUCER_WITH_PROVIDERS = Organization("delta", provider_consumers=("42", "eta"))
GLOBAL_PROVIDERS = Organization("delta", global_providers=True)
SHARES = Organization("delta", module_consumers=("zeta", "Gamma"))
GLOBAL = Organization("delta", global_modules=True)


def refused(status: int, path: str, method: str = "GET", nth: int = 1, **details: Any) -> Fault:
    return Fault("status", method, path, nth, status=status, **details)


def sent(body: Any, path: str = "delta$", method: str = "GET") -> Fault:
    return Fault("not_json_api", method, path, body=body)


class Case(NamedTuple):
    message: str
    options: dict[str, Any] = ETA
    faults: tuple[Fault, ...] = ()
    behaviour: Behaviour = Behaviour()
    delta: Organization = ORGANIZATIONS[0]
    profile: str = "2.1"
    more: tuple[Organization, ...] = ()


TASKS = [
    Case("organization must be the name of an organization, not 'a/b'.", {"organization": "a/b", "consumers": ["eta"]}),
    Case("Nothing is asked for: give consumers, global_module_sharing, or both.", {"organization": "delta"}),
    Case(
        "consumers and global_module_sharing: true exclude each other: a registry is open either to the listed "
        "organizations or to every one.",
        {**ETA, "global_module_sharing": True},
    ),
    Case(
        "consumers[1] is 'DELTA', the producing organization itself.",
        {"organization": "delta", "consumers": ["eta", "DELTA"]},
    ),
    Case(f"consumers[1] is blank: {ELEMENT} {CLEAR}", {"organization": "delta", "consumers": ["eta", ""]}),
    Case(f"consumers[0] is blank: {ELEMENT} {CLEAR}", {"organization": "delta", "consumers": [None]}),
    Case(f"consumers[0] is 'a b': {ELEMENT} {CLEAR}", {"organization": "delta", "consumers": ["a b"]}),
    Case(f"consumers[0] is True: {ELEMENT} {CLEAR}", {"organization": "delta", "consumers": [True]}),
    Case(
        "delta shares its modules with every organization. state: absent would turn that off and cut everybody else "
        "off. If you mean that, say who shall remain, with state: exact and the whole list of consumers; nothing was "
        "changed.",
        {**ETA, "state": "absent"},
        delta=GLOBAL,
    ),
    Case(
        "delta shares its modules with every organization. state: present would turn that off and cut everybody else "
        "off. If you mean that, add global_module_sharing: false; nothing was changed.",
        {**ETA, "state": "present"},
        delta=GLOBAL,
    ),
    Case(
        "consumers[1] is the number 123. Put it in quotes, just as it is spelled in TFE: without quotes, YAML reads "
        "0173 as 123, which may be another organization.",
        {"organization": "delta", "consumers": ["eta", 123]},
    ),
    Case(
        "consumers[0] is the number 123. Put it in quotes, just as it is spelled in TFE: without quotes, YAML reads "
        "0173 as 123, which may be another organization.",
        {"organization": "delta", "consumers": 123},
    ),
    Case(
        "organization is the number 123. Put it in quotes, just as it is spelled in TFE: without quotes, YAML reads "
        "0173 as 123, which may be another organization.",
        {"organization": 123, "consumers": ["eta"]},
    ),
    Case(
        "'ETA' could be any of Eta and eta, which differ in case alone: spell it exactly.",
        {"organization": "delta", "consumers": ["ETA"]},
        behaviour=Behaviour(case_sensitive_names=True),
        more=(Organization("Eta"),),
    ),
    Case(
        "No organization has this name or external id: consumers[0] 'org-2222222222222222' (this server does not tell "
        "external ids: use the name). Nothing was changed.",
        {"organization": "delta", "consumers": ["org-2222222222222222"]},
        behaviour=Behaviour(without_external_ids=True),
    ),
    Case(
        "No organization has this name or external id: consumers[0] 'gama' (did you mean 'Gamma'?), consumers[2] "
        "'qqqqqq'. Nothing was changed.",
        {"organization": "delta", "consumers": ["gama", "eta", "qqqqqq", "ID:zeta"]},
    ),
    Case(
        "Whether 'org-2222222222222222', 'org-3333333333333333' is among the consumers cannot be told, since the "
        "server does not give the external id of Gamma, zeta. Nothing was changed. Use names instead of external ids.",
        {
            "organization": "delta",
            "consumers": ["org-2222222222222222", "long-gone", "org-3333333333333333"],
            "state": "absent",
        },
        behaviour=Behaviour(item_without_external_id=("zeta", "Gamma")),
        delta=SHARES,
    ),
]

WHY_THERE_IS_NOTHING = [
    Case(
        f"GET {E7}/zetta answered 404 Not Found: not found. There is no organization 'zetta' (did you mean 'zeta' or "
        "'eta' or 'delta'?).",
        {"organization": "zetta", "consumers": []},
    ),
    Case(
        f"GET {E7}/qqqqqq answered 404 Not Found: not found. There is no organization 'qqqqqq'.",
        {"organization": "qqqqqq", "consumers": []},
    ),
    Case(
        f"GET {E7}/ID:eta answered 404 Not Found: not found. There is no organization 'ID:eta' (this is the external "
        "id of 'eta', and here the name is needed).",
        {"organization": "ID:eta", "consumers": []},
    ),
    Case(
        "'ID:eta' is the external id of 'eta', and here the name is needed. Nothing was changed.",
        {"organization": "ID:eta", "consumers": []},
        behaviour=Behaviour(ids_in_path=True),
    ),
    Case(
        f"{NOT_FOUND} Yet the organization is in the list of all organizations: try again.",
        faults=(refused(404, "delta$"),),
    ),
    Case(
        f"{NOT_FOUND} GET {E7} answered 403 Forbidden: forbidden. {NOT_ALLOWED}",
        faults=(refused(404, "delta$"), refused(403, "organizations$")),
    ),
    Case(f"{NOT_FOUND} {NO_ADMIN}", MEMBER),
    Case(
        f"{NOT_FOUND} {PERHAPS_NO_ADMIN} {ACCOUNT} answered 404 Not Found: not found.",
        MEMBER,
        behaviour=Behaviour(account_details="404"),
    ),
    Case(  # a server that hides the admin API from a token that is no good at all
        f"{NOT_FOUND} {ACCOUNT} answered 401 Unauthorized: unauthorized. {BAD_TOKEN}",
        faults=(refused(404, "/admin/", times=0), refused(401, "account/details$")),
    ),
    Case(
        f"{NOT_FOUND} {PERHAPS_NO_ADMIN} {ACCOUNT} answered 403 Forbidden: forbidden. {NOT_ALLOWED}",
        MEMBER,
        faults=(refused(403, "account/details$"),),
    ),
    Case(
        f"{NOT_FOUND} {PERHAPS_NO_ADMIN} {ACCOUNT} answered 503 Service Unavailable after 1 try over N s: service "
        "unavailable.",
        {**MEMBER, "tfe_max_retries": 0},
        (refused(503, "account/details$"),),
    ),
    Case(
        f"{NOT_FOUND} {PERHAPS_NO_ADMIN} {ACCOUNT} answered 200 with something that is not a JSON:API document "
        f"(text/html; charset=utf-8): {PAGE}, with the title 'Sign in'. {NOT_TFE}",
        MEMBER,
        faults=(Fault("sign_in", path="account/details$"),),
    ),
    Case(
        f"{NOT_FOUND} {PERHAPS_NO_ADMIN} {ACCOUNT} got no answer after 1 try over N s: it took longer than "
        f"tfe_timeout. {DIRECT}",
        {**MEMBER, "tfe_max_retries": 0, "tfe_timeout": 0.3},
        faults=(Fault("hang", path="account/details$"),),
    ),
    Case(
        f"{NOT_FOUND} {PERHAPS_NO_ADMIN}",
        MEMBER,
        faults=(sent({"data": {"id": "user", "attributes": {"is-site-admin": "no"}}}, "account/details$"),),
    ),
    Case(f"{NOT_FOUND} {PERHAPS_NO_ADMIN}", MEMBER, faults=(sent({"data": []}, "account/details$"),)),
    Case(f"TFE {HCP}", behaviour=Behaviour(application="hcp")),
    Case(f"{NOT_FOUND} {CLOSED}", behaviour=Behaviour(administrator="without_2fa")),
]

ODD_ANSWERS = [
    Case(FORBIDDEN, faults=(refused(403, "delta$"),)),
    Case(
        f"GET {DELTA} answered 302 Found, a redirect to https://elsewhere.example.com/. It was not followed, since the "
        f"token is for this address only: set tfe_address to the address that TFE itself answers at. {DIRECT}",
        faults=(Fault("redirect", location="https://elsewhere.example.com/"),),
    ),
    Case(
        f"GET {DELTA} answered 300 Multiple Choices, a redirect to nowhere. It was not followed, since the token is "
        f"for this address only: set tfe_address to the address that TFE itself answers at. {DIRECT}",
        faults=(Fault("raw", status=300, body=""),),
    ),
    Case(
        f"GET {DELTA} answered 503 Service Unavailable after 1 try over N s: service unavailable.",
        {**ETA, "tfe_max_retries": 0},
        (refused(503, "delta$"),),
    ),
    Case(
        f"GET {DELTA} got no answer after 1 try over N s: it took longer than tfe_timeout. {DIRECT}",
        {**ETA, "tfe_max_retries": 0, "tfe_timeout": 0.1},
        (Fault("hang"),),
    ),
    Case(
        f"GET {DELTA} answered 200 with something that is not a JSON:API document (text/html; charset=utf-8): {PAGE}, "
        f"with the title 'Sign in'. {NOT_TFE}",
        faults=(Fault("sign_in"),),
    ),
    Case(
        f"GET {DELTA} answered 200 with something that is not a JSON:API document (application/json; charset=utf-8). "
        f"{NOT_TFE}",
        faults=(sent({"hello": "world"}),),
    ),
    Case(
        f"GET {DELTA} answered 503 Service Unavailable after 1 try over N s: {PAGE}, with the title '503 Service "
        f"Unavailable'. {DIRECT}",
        {**ETA, "tfe_max_retries": 0},
        (refused(503, "delta$", body="html"),),
    ),
    Case(
        f"GET {DELTA} answered 403 Forbidden: {PAGE}, with the title '403 Forbidden'. {DIRECT} {NOT_ALLOWED}",
        faults=(refused(403, "delta$", body="html"),),
    ),
    Case(
        f"GET {DELTA} answered 401 Unauthorized: {PAGE}, with the title '401 Unauthorized'. {NOT_TFE}",
        faults=(refused(401, "delta$", body="html"),),
    ),
    Case(
        f"GET {DELTA} answered 418 I'm a Teapot: {PAGE}, with the title 'Blocked by «web» filter'. {NOT_TFE}",
        faults=(
            Fault("raw", status=418, body=" <HTML lang=x><TITLE>\n Blocked by\n&laquo;web&raquo;  filter </TITLE>"),
        ),
    ),
    Case(
        f"GET {DELTA} answered 200, but its body is not one whole stream of gzip. {DIRECT}",
        faults=(Fault("raw", body=gzip.compress(b"{}")[:-1], headers={"Content-Encoding": "gzip"}),),
    ),
    Case(
        f"GET {DELTA} answered 403 Forbidden, but its body has the Content-Encoding 'br', which was not asked for. "
        f"{DIRECT} {NOT_ALLOWED}",
        faults=(Fault("raw", status=403, body=b"\x0b\x02\x80", headers={"Content-Encoding": "br"}),),
    ),
    Case(f"GET {DELTA} answered without a document. {NOT_TFE}", faults=(Fault("raw", body=" "),)),
    Case(
        f"{E2} answered with something that is not a list. {NOT_TFE}",
        faults=(sent({"data": {"id": "eta"}}, "module-consumers$"),),
    ),
    Case(
        "The server sent something that is not an organization where one was asked for.",
        faults=(sent({"data": {"type": "organizations"}}),),
    ),
    Case("Asked for organization 'delta', the server sent 'eta'.", faults=(sent({"data": {"id": "eta"}}),)),
    Case(
        "The server does not tell whether delta shares its modules with every organization (global-module-sharing is "
        "neither true nor false in its document), and an empty list of consumers can mean either. Is this Terraform "
        "Enterprise 202012-1 or newer? If it is, set global sharing of this organization once in TFE's admin pages.",
        behaviour=Behaviour(without_module_flag=True),
    ),
]

ODD_LISTS = [
    Case(
        "The server sent something that is not a partnership in a list of them.",
        faults=(sent({"data": [{"id": "mp-1"}]}, "module-consumers$"),),
        profile="202012-1",
    ),
    Case(
        f"The module consumers of delta cannot be read, although the organization itself was just read: {E2} answered "
        f"405 Method Not Allowed: method not allowed. GET {DELTA}/module-consumers answered 404 Not Found: not found.",
        behaviour=Behaviour(legacy_list="404", relationship_list="405"),
    ),
]

WRITES = [
    Case(
        f"{E1} answered 401 Unauthorized: unauthorized. {BAD_TOKEN} Nothing of delta was changed.",
        faults=(refused(401, "", "PATCH"),),
    ),
    Case(f"{CONFLICT} {AS_BEFORE}", faults=(refused(409, "", "PATCH"),)),
    Case(
        f"{E1} answered 501 Not Implemented: not implemented. It was sent 2 times. {SO_FAR}",
        {**ETA, "tfe_max_retries": 1},
        (refused(501, "", "PATCH", times=0),),
    ),
    Case(
        f"{CONFLICT} {OTHERWISE} missing: Gamma, eta.",
        {"organization": "delta", "consumers": ["eta", "Gamma", "42"]},
        (refused(409, "", "PATCH", after_effect=True),),
        Behaviour(write_drops=("eta", "Gamma")),
    ),
    Case(
        f"{ACCEPTED} missing: eta; left over: Gamma, zeta.",
        behaviour=Behaviour(write_ignored=True),
        delta=SHARES,
    ),
    Case(
        f"{ACCEPTED} global module sharing is still on; missing: eta.",
        behaviour=Behaviour(list_ends_global="never"),
        delta=GLOBAL,
    ),
    Case(
        f"{ACCEPTED} global module sharing is off.",
        {"organization": "delta", "global_module_sharing": True},
        behaviour=Behaviour(write_ignored=True),
    ),
    Case(
        f"{CONFLICT} {UNKNOWN_NOW} {FORBIDDEN}",
        faults=(refused(409, "", "PATCH"), refused(403, "delta$", nth=2)),
    ),
    Case(
        f"{UNKNOWN_NOW} {FORBIDDEN}",
        faults=(refused(403, "delta$", nth=2, times=2),),
        behaviour=Behaviour(write_ignored=True),
    ),
    Case(  # a token that ends between the write and the look at what it did
        f"{UNKNOWN_NOW} GET {DELTA} answered 401 Unauthorized: unauthorized. {BAD_TOKEN}",
        faults=(refused(401, "delta$", nth=2, times=0),),
        delta=GLOBAL,
    ),
    Case(
        f"{UNKNOWN_NOW} GET {DELTA} answered 401 Unauthorized: unauthorized. {BAD_TOKEN}",
        faults=(refused(401, "/relationships/", nth=2, times=0), refused(401, "delta$", nth=2, times=0)),
        behaviour=Behaviour(legacy_answer="204"),
    ),
    Case(
        f"PATCH for delta answered with eta. {SO_FAR}",
        {"organization": "delta", "global_module_sharing": True},
        (sent({"data": {"id": "eta"}}, method="PATCH"),),
    ),
    Case(
        f"The module consumers of delta cannot be written, although the organization itself was just read: {E1} "
        f"answered 404 Not Found: not found. PATCH {DELTA}/relationships/module-consumers answered 410 Gone: gone. The "
        "document of delta does not tell whether its providers are shared with every organization, and PUT "
        "registry-partnerships could turn that off. So it was not tried. Nothing of delta was changed.",
        behaviour=PUT_WITHOUT_FLAG,
    ),
    Case(
        f"{NO_OTHER_WAY} {PUT} answered 409 Conflict: conflict. {AS_BEFORE}",
        faults=(refused(409, "", "PUT"),),
        behaviour=PUT_ONLY,
    ),
    Case(
        f"PATCH {DELTA} answered 409 Conflict: conflict. {OTHERWISE} global provider sharing is off. {PUT_CHANGED} "
        "providers of delta too: global provider sharing is off now. It was: everybody. "
        f"{SET_RIGHT} with global_provider_sharing: true.",
        faults=(refused(409, "delta$", "PATCH"),),
        behaviour=PUT_ONLY,
        delta=GLOBAL_PROVIDERS,
    ),
    Case(
        f"{UNKNOWN_NOW} {FORBIDDEN} {PUT_MAY_HAVE_CHANGED} providers of delta too. It was: everybody. {SET_RIGHT} with "
        "global_provider_sharing: true.",
        faults=(refused(403, "delta$", nth=4),),  # the task, E3, the look before PUT, and this one
        behaviour=PUT_ONLY,
        delta=GLOBAL_PROVIDERS,
    ),
    Case(
        f"{PUT_CHANGED} providers of delta too: removed: 42. It was: 42, eta. {SET_RIGHT} about its providers.",
        behaviour=PUT_DROPS_42,
        delta=PRODUCER_WITH_PROVIDERS,
    ),
    Case(
        f"{UNKNOWN_NOW} GET {DELTA}/relationships/provider-consumers answered 403 Forbidden: forbidden. {NOT_ALLOWED} "
        f"{PUT_MAY_HAVE_CHANGED} providers of delta too. It was: nobody. {SET_RIGHT} about its providers.",
        faults=(refused(403, "provider-consumers$", nth=2),),
        behaviour=PUT_ONLY,
    ),
]


# The write of providers: PUT, and modules beside it.

GLOBAL_MODULES = Organization("delta", global_modules=True, provider_consumers=("42",))
MODULES_TO_KEEP = Organization("delta", module_consumers=("42", "zeta"))
E4 = f"GET {DELTA}/relationships/provider-consumers"
OLD = "This server does not share providers: Terraform Enterprise does since 202301-1."
UNTOLD = (
    "The document of delta does not tell whether its modules are shared with every organization, and PUT "
    "registry-partnerships could turn that off. So it was not tried."
)
RISK = (
    "delta shares its modules with every organization, and the request that writes its provider consumers may turn "
    "that off. A task that is killed before it has turned that on again would cut everybody off, and no second run "
    "would see it. So ask for both in one entry of tfe_registry_sharing: {organization: delta, global_module_sharing: "
    "true, provider_consumers: […]}."
)
LATE = "So delta could not be read again right before it would have been written."

PROVIDER_WRITES = [
    Case(
        f"{OLD} The provider consumers of delta cannot be read, although the organization itself was just read: {E4} "
        "answered 404 Not Found: not found.",
        profile="202012-1",
    ),
    Case(
        f"{OLD} The provider consumers of delta cannot be read, although the organization itself was just read: {E4} "
        "answered 404 Not Found: not found.",
        {"organization": "delta", "global_provider_sharing": True},
        profile="202103-1",
    ),
    Case(f"{RISK} Nothing was changed.", delta=GLOBAL_MODULES),
    Case(f"{RISK} Nothing was changed.", {"organization": "delta", "consumers": []}, delta=GLOBAL_MODULES),
    Case(f"{UNTOLD} Nothing was changed.", behaviour=Behaviour(without_module_flag=True)),
    Case(
        f"{PUT} answered 401 Unauthorized: unauthorized. {BAD_TOKEN} {NOTHING}",
        faults=(refused(401, "", "PUT"),),
    ),
    Case(f"{PUT} answered 409 Conflict: conflict. {AS_BEFORE}", faults=(refused(409, "", "PUT"),)),
    Case(
        f"{PUT} answered 501 Not Implemented: not implemented. It was sent 2 times. {SO_FAR}",
        {**ETA, "tfe_max_retries": 1},
        (refused(501, "", "PUT", times=0),),
    ),
    Case(
        f"{ACCEPTED} missing: eta; left over: Gamma, zeta.",
        behaviour=Behaviour(write_ignored=True),
        delta=Organization("delta", provider_consumers=("zeta", "Gamma")),
    ),
    Case(
        f"{ACCEPTED} global provider sharing is still on; missing: eta.",
        behaviour=Behaviour(put_ends_global="never"),
        delta=GLOBAL_PROVIDERS,
    ),
    Case(
        f"{ACCEPTED} global provider sharing is off.",
        {"organization": "delta", "global_provider_sharing": True},
        behaviour=Behaviour(write_ignored=True),
    ),
    Case(
        f"{FORBIDDEN} {LATE} {NOTHING}",
        faults=(refused(403, "delta$", nth=2),),
    ),
    Case(
        f"{E2} answered 403 Forbidden: forbidden. {NOT_ALLOWED} {LATE} {NOTHING}",
        faults=(refused(403, "delta/relationships/module-consumers$"),),
    ),
    Case(
        f"{PUT} answered 409 Conflict: conflict. {UNKNOWN_NOW} {FORBIDDEN} {PUT_MAY_HAVE_CHANGED} modules of delta "
        f"too. It was: 42, zeta. {SET_RIGHT} about its modules.",
        faults=(refused(409, "", "PUT"), refused(403, "delta$", nth=2)),
        delta=MODULES_TO_KEEP,
    ),
    Case(  # a token that ends between the write and the look at what it did
        f"{UNKNOWN_NOW} GET {DELTA} answered 401 Unauthorized: unauthorized. {BAD_TOKEN} {PUT_MAY_HAVE_CHANGED} "
        f"modules of delta too. It was: nobody. {SET_RIGHT} about its modules.",
        faults=(refused(401, "delta$", nth=3, times=0),),
    ),
    Case(
        f"{PUT_CHANGED} modules of delta too: removed: zeta. It was: 42, zeta. {SET_RIGHT} about its modules.",
        behaviour=Behaviour(write_drops=("zeta",)),
        delta=MODULES_TO_KEEP,
    ),
    Case(
        f"{ACCEPTED} missing: eta. {PUT_CHANGED} modules of delta too: removed: zeta. It was: 42, zeta. {SET_RIGHT} "
        "about its modules.",
        behaviour=Behaviour(write_drops=("zeta", "eta")),
        delta=MODULES_TO_KEEP,
    ),
    Case(
        f"{ACCEPTED} missing: eta. {PUT_CHANGED} modules of delta too: removed: 42, zeta. It was: 42, zeta. "
        f"{SET_RIGHT} about its modules.",
        behaviour=Behaviour(write_drops=("42", "zeta", "eta")),
        delta=MODULES_TO_KEEP,
    ),
]


def of_providers(case: Case) -> Case:
    """The same about providers: only the words differ."""

    def worded(value: Any) -> Any:
        if isinstance(value, dict):
            return {worded(key): worded(element) for key, element in value.items()}
        return value.replace("module", "provider").replace("202012-1", "202301-1") if isinstance(value, str) else value

    fields = {**vars(case.behaviour), "without_provider_flag": case.behaviour.without_module_flag}
    delta: dict[str, Any] = {
        "global_providers": case.delta.global_modules,
        "provider_consumers": case.delta.module_consumers,
    }
    return case._replace(
        message=worded(case.message),
        options=worded(case.options),
        faults=tuple(replace(fault, path=worded(fault.path)) for fault in case.faults),
        behaviour=Behaviour(**{**fields, "without_module_flag": False}),
        delta=Organization("delta", **delta),
    )


@pytest.mark.parametrize("case", [*TASKS, *WHY_THERE_IS_NOTHING, *ODD_ANSWERS, *ODD_LISTS, *WRITES])
def test_one_producer(start: StartSimulator, run: RunModule, case: Case) -> None:
    assert told(start, run, "tfe_module_consumers", case) == case.message


@pytest.mark.parametrize("case", [*map(of_providers, (*TASKS, *WHY_THERE_IS_NOTHING, *ODD_ANSWERS)), *PROVIDER_WRITES])
def test_one_producer_of_providers(start: StartSimulator, run: RunModule, case: Case) -> None:
    assert told(start, run, "tfe_provider_consumers", case) == case.message


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "organization and consumer exclude each other: ask for one producer, or for one consumer.",
            {"organization": "delta", "consumer": "eta"},
        ),
        Case(
            "No organization has this name or external id: 'gama' (did you mean 'Gamma'?).",
            {"consumer": "gama"},
        ),
        Case(f"consumer is 'a b': {ELEMENT}", {"consumer": "a b"}),
        Case("organization must be the name of an organization, not 'a/b'.", {"organization": "a/b"}),
        Case(
            "consumer is the number 123. Put it in quotes, just as it is spelled in TFE: without quotes, YAML reads "
            "0173 as 123, which may be another organization.",
            {"consumer": 123},
        ),
        Case(
            f"GET {E7} answered 404 Not Found: not found. {NO_ADMIN}",
            {"tfe_token": "MEMBER"},
        ),
        Case(CLOSED, {}, behaviour=Behaviour(administrator="without_2fa")),
        Case(f"TFE {HCP}", {}, behaviour=Behaviour(application="hcp")),
    ],
)
def test_questions(start: StartSimulator, run: RunModule, case: Case) -> None:
    assert told(start, run, "tfe_registry_sharing_info", case) == case.message


DELTA_ETA = {"organization": "delta", "module_consumers": ["eta"]}
EVERYTHING = (
    "give at least one of module_consumers, global_module_sharing, provider_consumers, global_provider_sharing."
)
BOTH = {"organization": "delta", "global_module_sharing": True, "provider_consumers": ["eta"]}
BUT_FOR_DELTA = [{"organization": "eta", "module_consumers": []}]


@pytest.mark.parametrize(
    "case",
    [
        # What is asked for.
        Case(
            "prune names modules, and no entry mentions them, so nobody would share modules any more. They are shared "
            "by: delta. If you mean that, add prune_all: [modules]. Nothing was changed.",
            {"producers": [], "prune": ["modules"]},
            delta=SHARES,
        ),
        Case(
            "prune names modules, and no entry mentions them, so nobody would share modules any more. They are shared "
            "by: delta, theta. If you mean that, add prune_all: [modules]. prune names providers, and no entry "
            "mentions them, so nobody would share providers any more. They are shared by: team-00, team-01, team-02, "
            "team-03, team-04, team-05, team-06, team-07, team-08, team-09 and 2 more. If you mean that, add "
            "prune_all: [providers]. Nothing was changed.",
            {"producers": [], "prune": ["providers", "modules"]},
            delta=SHARES,
            more=(
                Organization("theta", global_modules=True),
                *(Organization(f"team-{i:02}", provider_consumers=("eta",)) for i in range(11, -1, -1)),
            ),
        ),
        Case(
            "producers[1] (delta): prune names providers, delta shares some, and this entry leaves them out: say "
            "provider_consumers: [] or give the list. Nothing was changed.",
            {
                "producers": [{"organization": "eta", "provider_consumers": []}, DELTA_ETA],
                "prune": ["modules", "providers"],
            },
            delta=PRODUCER_WITH_PROVIDERS,
        ),
        Case(
            "producers[0] (delta): prune names modules, delta shares some, and this entry leaves them out: say "
            "module_consumers: [] or give the list. producers[1] (theta): prune names modules, theta shares some, and "
            "this entry leaves them out: say module_consumers: [] or give the list. Nothing was changed.",
            {
                "producers": [
                    {"organization": "delta", "provider_consumers": []},
                    {"organization": "theta", "global_provider_sharing": False},
                    {"organization": "eta", "module_consumers": []},
                ],
                "prune": ["modules"],
            },
            delta=SHARES,
            more=(Organization("theta", global_modules=True),),
        ),
        Case(
            "prune_all names providers, and prune does not: nothing of that kind would be pruned.",
            {"producers": [DELTA_ETA], "prune": ["modules"], "prune_all": ["providers"]},
        ),
        Case(
            "prune_all names modules, and producers has entries about them: it is for a kind that no entry mentions.",
            {"producers": [DELTA_ETA], "prune": ["modules"], "prune_all": ["modules"]},
        ),
        Case(
            "producers[0] (delta): external_id is 'org-2222222222222222', but that of delta is ID:delta.",
            {"producers": [{**DELTA_ETA, "external_id": "org-2222222222222222"}]},
        ),
        Case(
            "producers[1] (Gamma): external_id is 'org-2222222222222222', but that of Gamma is not told by this "
            "server.",
            {
                "producers": [
                    DELTA_ETA,
                    {"organization": "Gamma", "module_consumers": [], "external_id": "org-2222222222222222"},
                ]
            },
            behaviour=Behaviour(without_external_ids=True),
        ),
        Case(
            "producers[1] (DELTA): this producer is there twice, producers[0] (delta) is the same one.",
            {"producers": [DELTA_ETA, {"organization": "DELTA", "module_consumers": []}]},
        ),
        Case(
            "producers[0] (delta): it is also ignore[1] 'DELTA'. Nothing was changed.",
            {"producers": [DELTA_ETA], "prune": ["modules"], "ignore": ["zeta", "DELTA"]},
        ),
        Case(
            "No organization has this name or external id: ignore[1] 'zetta' (did you mean 'zeta' or 'eta' or "
            "'delta'?). Nothing was changed.",
            {"producers": [DELTA_ETA], "prune": ["modules"], "ignore": ["zeta", "zetta"]},
        ),
        Case(
            "No organization has this name or external id: producers[1] (gama) 'gama' (did you mean 'Gamma'?). "
            "Nothing was changed.",
            {"producers": [DELTA_ETA, {"organization": "gama", "module_consumers": []}]},
        ),
        Case(
            "No organization has this name or external id: producers[0] (delta): provider_consumers[1] 'gama' (did you "
            "mean 'Gamma'?), producers[1] (eta): module_consumers[0] 'qqqqqq'. Nothing was changed.",
            {
                "producers": [
                    {"organization": "delta", "provider_consumers": ["eta", "gama"]},
                    {"organization": "eta", "module_consumers": ["qqqqqq"]},
                ]
            },
        ),
        Case(
            f"producers[0] (delta): module_consumers[0] is blank: {ELEMENT} {CLEAR.replace('cons', 'module_cons')} "
            f"producers[1] (eta): Nothing is asked for: {EVERYTHING}",
            {"producers": [{"organization": "delta", "module_consumers": [""]}, {"organization": "eta"}]},
        ),
        Case(
            "producers[0] (delta): module_consumers and global_module_sharing: true exclude each other: a registry is "
            "open either to the listed organizations or to every one. "
            f"provider_consumers[0] is blank: {ELEMENT} {CLEAR.replace('cons', 'provider_cons')}",
            {"producers": [{**DELTA_ETA, "global_module_sharing": True, "provider_consumers": [None]}]},
        ),
        Case(
            "producers[1] (delta): delta shares its modules with every organization. state: present would turn that "
            "off and cut everybody else off. If you mean that, add global_module_sharing: false; nothing was changed.",
            {"producers": [{"organization": "eta", "provider_consumers": []}, {**DELTA_ETA, "state": "present"}]},
            delta=GLOBAL,
        ),
        # What the server has.
        *(
            Case(f"{asked}: {OLD} Nothing was changed.", options, profile=profile)
            for profile in ("202012-1", "202103-1")
            for asked, options in (
                ("producers[0] (delta)", {"producers": [{"organization": "delta", "provider_consumers": []}]}),
                (
                    "producers[1] (delta) and 1 more",
                    {
                        "producers": [
                            {"organization": "eta", "module_consumers": []},
                            {"organization": "delta", "global_provider_sharing": False},
                            {"organization": "Gamma", "provider_consumers": ["eta"]},
                        ]
                    },
                ),
                ("prune: providers", {"producers": [DELTA_ETA], "prune": ["providers"], "prune_all": ["providers"]}),
            )
        ),
        Case(
            f"producers[0] (delta): {RISK} Nothing was changed.",
            {"producers": [{"organization": "delta", "provider_consumers": ["eta"]}]},
            delta=GLOBAL_MODULES,
        ),
        Case(
            f"{RISK} Nothing was changed.",
            {
                "producers": [{"organization": "eta", "provider_consumers": []}],
                "prune": ["providers"],
            },
            delta=GLOBAL_MODULES,
        ),
        Case(
            f"producers[0] (delta): {UNTOLD} Nothing was changed.",
            {"producers": [{"organization": "delta", "provider_consumers": ["eta"]}]},
            behaviour=Behaviour(without_module_flag=True),
        ),
        # Writes.
        Case(
            f"1 {FAILED_OF_TWO} {CONFLICT} {AS_BEFORE}",
            {"producers": BUT_FOR_DELTA, "prune": ["modules"]},
            (refused(409, "", "PATCH"),),
            delta=SHARES,
        ),
        Case(
            f"1 {FAILED_OF_ONE} {PUT} answered 409 Conflict: conflict. {AS_BEFORE} global_module_sharing: true was not "
            "sent any more.",
            {"producers": [BOTH]},
            (refused(409, "", "PUT"),),
            delta=SHARES,
        ),
        Case(
            f"1 {FAILED_OF_ONE} PATCH {DELTA} answered 409 Conflict: conflict. {OTHERWISE} global module sharing is "
            "off.",
            {"producers": [BOTH]},
            (refused(409, "delta$", "PATCH"),),
        ),
        Case(  # what the PUT turned off by the way
            f"1 {FAILED_OF_ONE} PATCH {DELTA} answered 409 Conflict: conflict. {OTHERWISE} global module sharing is "
            f"off. {PUT_CHANGED} modules of delta too: global module sharing is off now. It was: everybody. "
            f"{SET_RIGHT} with global_module_sharing: true.",
            {"producers": [BOTH]},
            (refused(409, "delta$", "PATCH"),),
            delta=GLOBAL,
        ),
        Case(  # a token that ends between the two
            f"1 {FAILED_OF_ONE} PATCH {DELTA} answered 401 Unauthorized: unauthorized. {BAD_TOKEN} An earlier write of "
            "this task may have been applied. When it was last read, the sharing of delta was not what was asked for: "
            "global module sharing is off.",
            {"producers": [BOTH]},
            (refused(401, "delta$", "PATCH"),),
        ),
        Case(
            f"1 {FAILED_OF_ONE} PATCH {DELTA} answered 401 Unauthorized: unauthorized. {BAD_TOKEN} An earlier write of "
            f"this task may have been applied. {PUT_CHANGED} modules of delta too: global module sharing is off now. "
            f"It was: everybody. {SET_RIGHT} with global_module_sharing: true.",
            {"producers": [BOTH]},
            (refused(401, "delta$", "PATCH"),),
            delta=GLOBAL,
        ),
        Case(
            f"1 {FAILED_OF_ONE} {UNKNOWN_NOW} {FORBIDDEN} {PUT_MAY_HAVE_CHANGED} modules of delta too. It was: "
            f"everybody. {SET_RIGHT} with global_module_sharing: true.",
            {"producers": [BOTH]},
            (refused(403, "delta$", nth=3),),
            delta=GLOBAL,
        ),
        Case(  # global sharing that was to end is no harm
            f"1 {FAILED_OF_ONE} {ACCEPTED} missing: eta.",
            {"producers": [{**BOTH, "global_module_sharing": False}]},
            behaviour=Behaviour(write_drops=("eta",)),
            delta=GLOBAL,
        ),
        Case(
            f"1 {FAILED_OF_ONE} {ACCEPTED} missing: eta. {PUT_CHANGED} modules of delta too: removed: zeta. It was: "
            f"Gamma, zeta. {SET_RIGHT} about its modules. global_module_sharing: true was not sent any more.",
            {"producers": [BOTH]},
            behaviour=Behaviour(write_drops=("eta", "zeta")),
            delta=SHARES,
        ),
    ],
)
def test_many_producers(start: StartSimulator, run: RunModule, case: Case) -> None:
    assert told(start, run, "tfe_registry_sharing", case) == case.message


def told(start: StartSimulator, run: RunModule, module: str, case: Case) -> str:
    """The message of a task that fails."""
    tfe = start(case.delta, *ORGANIZATIONS[1:], *case.more, behaviour=case.behaviour, profile=case.profile)
    tfe.order(*case.faults)
    ids = {f"ID:{name}": tfe.external_id(name) for name in ("eta", "zeta", "delta")}

    def fill_in(value: Any) -> Any:
        if isinstance(value, list):
            return [fill_in(element) for element in value]
        return tfe.user_token if value == "MEMBER" else ids.get(value, value) if isinstance(value, str) else value

    message = str(run({name: fill_in(value) for name, value in case.options.items()}, module=module)["msg"])
    for placeholder, external_id in ids.items():
        message = message.replace(external_id, placeholder)
    return re.sub(r"over \d+ s", "over N s", message.replace(tfe.address, "TFE"))


def test_ten_failures_are_told_and_the_rest_is_named(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:02}" for i in range(13)]
    tfe = start(*map(Organization, names))
    tfe.order(refused(409, "", "PATCH", times=0))
    producers = [{"organization": name, "module_consumers": ["team-12"]} for name in names[:12]]
    message = run({"producers": producers}, module="tfe_registry_sharing")["msg"]
    failures = [
        f"PATCH {tfe.address}/api/v2/admin/organizations/{name}/module-consumers answered 409 Conflict: conflict. Read "
        f"again, the sharing of {name} is as it was before: nothing was changed."
        for name in names[:10]
    ]
    assert message == (
        "12 of 12 producers did not come to what was asked for. Every other one did. Once the cause is mended, the "
        f"same task finishes the job. {' '.join(failures)} The same happened to: team-10, team-11."
    )


def test_twenty_names_get_a_look_for_what_was_meant(start: StartSimulator, run: RunModule) -> None:
    start(*ORGANIZATIONS)
    names = [f"epsilon{i}" for i in range(21)]
    listed = ", ".join(
        f"consumers[{i}] {name!r}" + (" (did you mean 'epsilon'?)" if i < 20 else "") for i, name in enumerate(names)
    )
    assert run({"organization": "delta", "consumers": names})["msg"] == (
        f"No organization has this name or external id: {listed}. Nothing was changed."
    )


def test_the_rest_is_not_written_where_the_token_ends(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:02}" for i in range(40)]
    tfe = start(*map(Organization, names))
    tfe.order(refused(401, "", "PATCH", times=0), refused(401, "account/details$", times=0))
    producers = [{"organization": name, "module_consumers": ["team-39"]} for name in names[:39]]
    told = [it["msg"] for it in run({"producers": producers}, module="tfe_registry_sharing")["producers"]]
    account = f"GET {tfe.address}/api/v2/account/details answered 401 Unauthorized: unauthorized. {BAD_TOKEN}"
    assert told[-1] == f"team-38 was not written any more: {account}"


def test_the_account_is_looked_at_only_where_somebody_else_is_waiting(start: StartSimulator, run: RunModule) -> None:
    for count in (1, 2):
        tfe = start(*ORGANIZATIONS)
        tfe.order(refused(409, "", "PATCH", times=0))
        producers = [{"organization": name, "module_consumers": ["eta"]} for name in ("delta", "Gamma")[:count]]
        assert run({"producers": producers}, module="tfe_registry_sharing")["failed"]
        looked = any(request.path.endswith("/account/details") for request in tfe.requests)
        assert looked == (count > 1)


def test_a_try_that_failed_is_warned_of(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*ORGANIZATIONS)
    tfe.order(refused(503, "delta$"))
    [warning] = run({**ETA}, check=True)["warnings"]
    assert "GET /api/v2/admin/organizations/delta answered 503; trying again in 0." in str(warning)


def test_what_was_broken_on_the_way_is_told_beside_what_was_reached(start: StartSimulator, run: RunModule) -> None:
    start(PRODUCER_WITH_PROVIDERS, *ORGANIZATIONS[1:], behaviour=PUT_DROPS_42)
    answer = run({"producers": [DELTA_ETA]}, module="tfe_registry_sharing")
    [producer] = answer["producers"]
    assert (producer["changed"], producer["module_consumers"], producer["provider_consumers"]) == (True, ["eta"], None)
    assert producer["msg"].startswith(f"{PUT_CHANGED} providers of delta too: removed: 42. It was: 42, eta.")
    unchanged = {"organization": "delta", "everybody_before": False, "everybody_after": False}
    assert answer["changes"] == [
        {**unchanged, "kind": "modules", "added": ["eta"], "removed": []},
        {**unchanged, "kind": "providers", "added": [], "removed": ["42"]},
    ]
    [before] = answer["before"]
    assert (before["module_consumers"], before["provider_consumers"]) == ([], ["42", "eta"])


def test_an_account_that_does_not_show_stops_nobody(start: StartSimulator, run: RunModule) -> None:
    names = [f"team-{i:02}" for i in range(20)]
    tfe = start(*map(Organization, names))
    tfe.order(refused(409, "/team-00/", "PATCH"), refused(403, "account/details$", times=0))
    producers = [{"organization": name, "module_consumers": ["team-19"]} for name in names[:19]]
    answer = run({"producers": producers}, module="tfe_registry_sharing")
    assert answer["msg"].startswith("1 of 19 producers did not come to what was asked for.")
    assert [producer["module_consumers"] for producer in answer["producers"]] == [[]] + [["team-19"]] * 18


def test_a_list_that_ends_with_404_is_not_called_closed(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*(Organization(f"team-{i:03}") for i in range(101)))
    tfe.order(refused(404, "organizations$", nth=2))
    assert run(ETA)["msg"] == f"{NOT_FOUND} GET {E7} answered 404 Not Found: not found.".replace("TFE", tfe.address)


def test_hcp_terraform_is_known_by_its_address_too(start: StartSimulator, run: RunModule) -> None:
    tfe = start(*ORGANIZATIONS)
    options = {"tfe_address": "http://app.terraform.io", "tfe_proxies": {"http": tfe.address}, "tfe_token": "token"}
    tfe.order(refused(404, "", times=0))
    assert run({**ETA, **options})["msg"] == f"http://app.terraform.io {HCP}"


def test_an_answer_without_a_content_type(run: RunModule) -> None:
    def answer(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with listen(answer) as address:
        message = run({**ETA, "tfe_address": address, "tfe_token": "token"})["msg"]
    assert message == (
        f"GET {address}/api/v2/admin/organizations/delta answered 200 with something that is not a JSON:API document "
        f"(no content type). {NOT_TFE}"
    )
