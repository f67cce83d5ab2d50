"""The build of the inner loops: each plain-Python module of `vtaplib/loops` compiled beside its source.

Without a C compiler nothing is compiled, setting up goes on, and the loops run interpreted. What the package
is stands in pyproject.toml.
"""

from __future__ import annotations

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = Path(__file__).resolve().parent
LOOPS = sorted(path for path in (ROOT / "vtaplib" / "loops").glob("*.py") if path.stem != "__init__")

# What Cython needs for buffers, once for all of them: compiled into each it would take five times as long.
SHARED = "vtaplib.loops._shared"

# The loops look after their own bounds: all that they read was measured before.
DIRECTIVES = {
    "language_level": "3",
    "annotation_typing": False,
    "boundscheck": False,
    "cdivision": True,
    "initializedcheck": False,
    "wraparound": False,
}


def extensions() -> list[Extension]:
    """What is compiled: nothing where `VTAP_INTERPRETED=1` says so."""
    if os.environ.get("VTAP_INTERPRETED") == "1":
        return []
    modules = [
        Extension(
            f"vtaplib.loops.{path.stem}",
            [str(path.relative_to(ROOT))],
            extra_compile_args=["-O3", "-fno-strict-aliasing", "-g0"],
        )
        for path in LOOPS
    ]
    made = cythonize(
        [*modules, Extension(SHARED, ["vtaplib/loops/_shared.c"], extra_compile_args=["-O2", "-g0"])],
        compiler_directives=DIRECTIVES,
        build_dir="build/loops",
        quiet=True,
        shared_utility_qualified_name=SHARED,
    )
    for one in made:
        # Said to what goes in, it would not come out.
        one.optional = True
    return made  # type: ignore[no-any-return]


setup(ext_modules=extensions(), options={"build_ext": {"parallel": True}})
