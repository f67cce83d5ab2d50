"""A path trace while it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vtaplib.fabric.connections import Connections
from vtaplib.fabric.path_trace import Drop, Link, PathStage, PathStep, PathTrace
from vtaplib.fabric.security import rule_id, step_sentence
from vtaplib.fabric.topology import Interface
from vtaplib.packets.flow import Flow

if TYPE_CHECKING:
    from vtaplib.rules.security_evaluation import SecurityDecision


class PathTraceBuilder:
    """What is known so far of the path trace of a flow's frames."""

    def __init__(self, flow: Flow, connections: Connections) -> None:
        self.flow = flow
        self.departure = flow
        self.arrival = flow
        self.source: Interface | None = None
        self.destination: Interface | None = None
        self.is_answer = False
        self.is_general = True
        self._connections = connections
        self._steps: list[PathStep] = []
        self._opens: list[Link] = []
        self._awaits: Link | None = None

    def end(self, drop: Drop | None) -> PathTrace:
        """The path trace, which ends here."""
        return PathTrace(
            self.source,
            self.destination,
            tuple(self._steps),
            self.departure,
            self.arrival,
            drop,
            tuple(self._opens),
            self._awaits,
            self.is_answer,
            self.is_general,
        )

    def passes(self, stage: PathStage, text: str, decided_by: str | None = None) -> None:
        """Note that it gets past a stage."""
        self._steps.append(PathStep(stage, passed=True, text=text, decided_by=decided_by))

    def fails(self, drop: Drop, text: str, decided_by: str | None = None) -> Drop:
        """Note that it does not."""
        self._steps.append(PathStep(drop.stage, passed=False, text=text, decided_by=decided_by))
        return drop

    def is_answering(self, link: Link) -> bool:
        """Whether it answers what was let through at an interface."""
        self.is_general = False
        return self._connections.answers(link)

    def opens(self, link: Link) -> None:
        """Note that its answers pass, unless it is an answer itself."""
        self.is_general = False
        if not self._connections.answers(link):
            self._opens.append(link)

    def waits(self, link: Link) -> None:
        """Note that it would pass as the answer to something."""
        self._awaits = Link(link.interface_id, link.flow.reversed())

    def pass_as_answer(self, stage: PathStage) -> None:
        """Note that it passes because what it answers did."""
        self.passes(stage, "it answers what was let through before, so no rule is asked")

    def judge(self, drop: Drop, decision: SecurityDecision, link: Link) -> Drop | None:
        """Note what the groups at an interface decide of what is no answer, and what follows."""
        self.is_general = False
        if not decision.steps:
            self.passes(drop.stage, "security groups let traffic of the platform alone")
        for step in decision.steps:
            self._steps.append(
                PathStep(drop.stage, step.allows is not False, step_sentence(step), rule_id(step))
            )
        if decision.allows is False:
            self.waits(link)
            return drop
        self._opens.append(link)
        return None
