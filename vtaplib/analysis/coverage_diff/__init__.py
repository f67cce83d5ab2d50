"""What collectors see of the same traffic under two designs: which conversations are lost, gained or moved.

`diff` sends a capture through both designs and sums up; `entries` describe what comes of it, and `report` is
the answer. `planned_design` reads designs from plans and states, `applied_plan` says what the apply of a plan
would give.
"""

from __future__ import annotations
