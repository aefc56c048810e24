# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that every module of the collection shares."""

from __future__ import annotations


class ModuleDocFragment:
    """The connection options; the argument spec that they describe is ``_connection.OPTIONS``."""

    DOCUMENTATION = r"""
options:
  tfe_address:
    description:
      - The address of your Terraform Enterprise, such as V(https://tfe.example.com). A bare host name means https.
      - If not set, the first of the environment variables E(TFE_ADDRESS), E(TFE_HOSTNAME) and E(TF_HOSTNAME) that is
        not blank is used. There is no default.
    type: str
  tfe_token:
    description:
      - The API token of a user who is a site administrator. Team and organization tokens cannot do this.
      - If not set, E(TFE_TOKEN) is used; but not for a O(tfe_address) that differs from the host in E(TFE_ADDRESS) or
        E(TFE_HOSTNAME), since the token then belongs to that other host.
      - If that is not set either, E(TF_TOKEN) is used where the address came from E(TF_HOSTNAME) (the pair that the
        credential type C(HCP Terraform) of Automation Platform sets), and at last what C(terraform login) stored for
        this host in C(~/.terraform.d/credentials.tfrc.json).
    type: str
  tfe_verify_tls:
    description:
      - Whether the certificate of the server is verified. V(false) wins over any CA bundle.
      - If not set, E(TFE_VERIFY_TLS) is used, then the opposite of E(TFE_SSL_SKIP_VERIFY), then V(true).
    type: bool
  tfe_ca_bundle:
    description:
      - The path of a file with the CA certificates to trust, on the host that runs the module. It may be a folder whose
        files have names as C(openssl rehash) gives them.
      - A company's own CA that C(terraform) and C(curl) take is taken on every Python, although Python 3.13 by itself
        refuses many for their form.
      - If not set, E(TFE_CA_BUNDLE) is used, then E(SSL_CERT_FILE), then what C(requests) trusts by itself.
    type: path
  tfe_timeout:
    description:
      - Seconds that one try may take, from the connection to the end of the answer.
      - If not set, E(TFE_TIMEOUT) is used, then V(30).
    type: float
  tfe_max_retries:
    description:
      - How often a request is tried again after a server error or a broken connection, 100 times at the most.
      - An answer that says that the rate limit is reached does not count as a try; waiting for it is bounded by three
        minutes.
      - If not set, E(TFE_MAX_RETRIES) is used, then V(5).
    type: int
  tfe_proxies:
    description:
      - Proxy URLs such as V(http://proxy.example.com:3128), by the scheme of the address, V(https) or V(http); V(all)
        stands for both. Any other key is an error.
      - In a user name or a password, characters such as V(/) and V(#) are written as V(%2F) and V(%23).
      - If not set, the environment variables E(HTTPS_PROXY), E(HTTP_PROXY), E(ALL_PROXY) and E(NO_PROXY) apply.
        E(NO_PROXY) does not count for this option.
    type: dict
requirements:
  - requests >= 2.25.0 (but not 2.32.0 to 2.32.2), with urllib3 >= 1.26
notes:
  - Environment variables and files are those of the host that runs the module. Run the tasks on V(localhost), or with
    C(delegate_to), unless that host is meant.
  - A blank environment variable, and a blank O(tfe_address), O(tfe_token) or O(tfe_ca_bundle), mean the same as one
    that is not set.
  - Set the connection once for all modules of the collection with C(module_defaults) and the action group
    C(group/tfe.admin.tfe).
"""
