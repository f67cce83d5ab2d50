"""Who imports whom, within packages and between them: there is no circle.

Every import counts, wherever it stands: in a function, or for a type checker only. Import-linter holds the
layers; it says nothing of circles within one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("vtaplib", "provider_shim")
MODULES: Final = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
}

Graph = Mapping[str, frozenset[str]]
Circles = frozenset[frozenset[str]]


def imported(name: str) -> Iterator[str]:
    """The modules that a module imports. `from package import name` names a module, or what is in one. What a
    package's list of public names (`__init__.pyi`) loads when it is asked for counts too.
    """
    names = MODULES[name].with_suffix(".pyi")
    source = MODULES[name].read_text() + (names.read_text() if names.exists() else "")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            home = f"{name}.{node.module}" if node.level else node.module
            for one in node.names:
                inner = f"{home}.{one.name}"
                yield inner if inner in MODULES else home


GRAPH: Final[Graph] = {
    name: frozenset(one for one in imported(name) if one in MODULES) - {name} for name in MODULES
}


def grouped(package_of: Callable[[str], str]) -> Graph:
    """The graph of packages."""
    groups: dict[str, set[str]] = {package_of(name): set() for name in MODULES}
    for name, targets in GRAPH.items():
        groups[package_of(name)].update(map(package_of, targets))
    return {name: frozenset(targets - {name}) for name, targets in groups.items()}


def circles(graph: Graph) -> Circles:
    """What reaches each other: all that is in one circle or in several that touch."""
    reached = {name: frozenset(_reached(name, graph)) for name in graph}
    found = (frozenset(one for one in reached[name] if name in reached[one]) for name in graph)
    return frozenset(group for group in found if group)


def _reached(start: str, graph: Graph) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        for target in graph[pending.pop()] - found:
            found.add(target)
            pending.append(target)
    return found


def area(name: str) -> str:
    """The package of vtaplib that a module is in, a module at the top of vtaplib, or the provider."""
    first, *rest = name.split(".")
    return f"{first}.{rest[0]}" if rest and first == "vtaplib" else first


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not circles(GRAPH)


def test_no_packages_import_each_other_in_a_circle() -> None:
    assert not circles(grouped(area))


def test_a_circle_is_found_however_long_it_is() -> None:
    graph = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("ad"), "d": frozenset("")}
    assert circles(graph) == {frozenset("abc")}


def test_imports_in_functions_and_for_type_checkers_count() -> None:
    assert "vtaplib.rules.effective_security_rules" in GRAPH["vtaplib.rules.stream_security"]  # in a function
    assert "vtaplib.control.cloud" in GRAPH["vtaplib"]  # as a public name
    assert "vtaplib.control.integrity" in GRAPH["vtaplib.control.overlay"]  # a module, by its package
