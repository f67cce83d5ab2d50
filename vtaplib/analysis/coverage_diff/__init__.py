"""What collectors see of the same traffic under two designs: which conversations are lost, gained or moved.

`diff` sends a capture through both designs and sums up; `entries` describe what comes of it, `report` is the
answer and `document` shows it. `planned_design` makes designs of plans and states, `applied_plan` says what
the apply of a plan would give.
"""

from __future__ import annotations
