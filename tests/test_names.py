"""Names in the code: one stands for one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.test_import_graph import MODULES


def classes(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            yield node.name


def test_no_two_classes_have_one_name() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for name, path in MODULES.items():
        if ".gen." not in name:
            for one in classes(path):
                homes[one].append(name)
    assert not {one: found for one, found in homes.items() if len(found) > 1}
