# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Sphinx turns the guides and the modules' documentation into web pages; "make docs" calls it."""

from __future__ import annotations

project = "tfe.admin"
author = "tfe.admin contributors"
project_copyright = "2026, tfe.admin contributors"
html_title = "tfe.admin"
html_theme = "sphinx_ansible_theme"
html_copy_source = False
html_show_sphinx = False
extensions = ["sphinx_antsibull_ext"]
highlight_language = "yaml+jinja"
smartquotes = False
# The pages are built without a network, so nothing outside of them is linked by name.
intersphinx_mapping: dict[str, tuple[str, None]] = {}
nitpicky = True
# Pages of Ansible's own documentation, which the modules' pages mention.
nitpick_ignore = [("std:ref", "ansible_configuration_settings"), ("std:ref", "common_return_values")]
