"""`vtap diff`: the same traffic under two designs.

`designs` reads the two from clouds, plans and states, `applied` says what the apply of a plan would give;
`run` sends the capture through both, `report` is what comes out, `tables` show it.
"""

from __future__ import annotations
