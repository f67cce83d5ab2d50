"""A document as one HTML page: nothing loaded from elsewhere, no script but its own, every name escaped.

`frame` is what every page has around it, `elements` shows what a document has in it. The drawings are SVG:
`chart` of a quantity over time, `drawing` of a network, for which `layout` gives everything its place.
"""

from __future__ import annotations
