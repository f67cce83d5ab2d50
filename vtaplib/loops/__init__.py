"""The inner loops over packets: everything that is done once per packet where there are millions.

The rules of this package: a loop imports nothing of ours, takes buffers, columns and numbers, returns
numbers, and trusts nobody's lengths. Each module is plain Python and runs as it is; where there is a C
compiler it is also compiled, by Cython, into an extension beside it that is imported in its place and does
the same some fifty times as fast. The types that C needs stand in `cython.locals`; annotations are for
readers.
"""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES

from vtaplib.loops import selection

COMPILED = (selection.__file__ or "").endswith(tuple(EXTENSION_SUFFIXES))
"""Whether the loops are compiled; interpreted ones give the same answers, later."""
