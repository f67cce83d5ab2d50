"""Reports as people and programs read them: one document, and what shows it.

An analysis gives a report, which is a value; a function beside it makes a `Document` of the report. There are
three renderers: `json_document` writes the report itself, `terminal` and `page` show the document. A renderer
knows no analysis, and an analysis does not know how anything looks.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
