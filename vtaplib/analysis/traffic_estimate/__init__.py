"""What TAPs and collectors would carry of some traffic: rates, volume, headroom, and machine sizes.

`estimate` is asked, of a capture or of flow logs, which `flow_logs` turns into volumes of flows; `report` is
its answer, and `document` shows it.
"""

from __future__ import annotations
