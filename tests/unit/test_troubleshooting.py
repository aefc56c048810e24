# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The troubleshooting guide has every message of the engine, and none that is gone.

Whatever has four words or more in plugins/module_utils, docstrings aside, is taken for a message. In both places "…"
stands for what differs from case to case.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/docsite/rst/guide_troubleshooting.rst").read_text(encoding="utf-8")
FEWEST_WORDS = 4


def texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    elif isinstance(node, ast.Constant):
        yield str(node.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


MESSAGES = {
    " ".join(text.split())
    for path in (ROOT / "plugins/module_utils").rglob("*.py")
    for text in texts(ast.parse(path.read_text(encoding="utf-8")))
}


def has_letters(word: str) -> bool:
    return any(map(str.isalpha, word))


# The first cell of each row of the guide's tables, and in it everything that is marked as a literal.
ENTRIES = {
    " ".join(entry.split())
    for cell in re.findall(r"^   \* - (.*?)^     - ", GUIDE, re.MULTILINE | re.DOTALL)
    for entry in re.findall(r"``(.+?)``", cell, re.DOTALL)
}


def test_every_message_has_an_entry() -> None:
    told = {text for text in MESSAGES if sum(map(has_letters, text.split())) >= FEWEST_WORDS}
    assert len(told) > 50
    assert not sorted(text for text in told if not any(entry in text for entry in ENTRIES))


def test_every_entry_is_a_message() -> None:
    assert not sorted(entry for entry in ENTRIES if not any(entry in text for text in MESSAGES))
