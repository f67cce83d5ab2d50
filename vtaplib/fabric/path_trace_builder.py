"""A path trace while it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vtaplib.fabric import path_sentences as sentences
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.path_trace import Drop, Link, PathStage, PathStep, PathTrace
from vtaplib.fabric.topology import Interface, IpConfiguration
from vtaplib.packets.flow import Flow

if TYPE_CHECKING:
    from vtaplib.rules.security_evaluation import SecurityDecision


class PathTraceBuilder:
    """What is known so far of the path trace of a flow's frames. Steps are noted where they are wanted."""

    __slots__ = (
        "_asked",
        "_connections",
        "_opens",
        "_steps",
        "arrival",
        "departure",
        "destination",
        "flow",
        "is_answer",
        "is_general",
        "sender",
        "source",
    )

    def __init__(self, flow: Flow, connections: Connections | None, *, with_steps: bool) -> None:
        self.flow = flow
        self.departure = flow
        self.arrival = flow
        self.source: Interface | None = None
        # The IP configuration of the source that sends.
        self.sender: IpConfiguration | None = None
        self.destination: Interface | None = None
        self.is_answer = False
        self.is_general = True
        self._connections = Connections() if connections is None else connections
        self._steps: list[PathStep] | None = [] if with_steps else None
        self._opens: tuple[Link, ...] = ()
        # Links that answer nothing that is open.
        self._asked: tuple[Link, ...] = ()

    def end(self, drop: Drop | None) -> PathTrace:
        """The path trace, which ends here."""
        # What a named tuple does for itself takes twice as long.
        return tuple.__new__(
            PathTrace,
            (
                self.source,
                self.destination,
                self.departure,
                self.arrival,
                drop,
                self._opens,
                self._awaits,
                self.is_answer,
                self.is_general,
                () if self._steps is None else tuple(self._steps),
            ),
        )

    def passes(self, sentence: sentences.PassedSentence, decided_by: str | None = None, *values: Any) -> None:
        """Note that it gets past a stage. The values are those of the sentence."""
        if self._steps is not None:
            self._note(sentence.stage, sentence.text, decided_by, values, passed=True)

    def passes_route(self, here_id: str, there_id: str) -> None:
        """Note that it gets from one network to another, or stays where it is."""
        if self._steps is not None:
            if here_id.lower() == there_id.lower():
                self.passes(sentences.SAME_NETWORK, here_id)
            else:
                self.passes(sentences.PEERING, there_id, here_id)

    def fails(self, drop: Drop, sentence: str, decided_by: str | None = None, *values: Any) -> Drop:
        """Note that it does not."""
        if self._steps is not None:
            self._note(drop.stage, sentence, decided_by, values, passed=False)
        return drop

    def _note(
        self,
        stage: PathStage,
        sentence: str,
        decided_by: str | None,
        values: tuple[Any, ...],
        *,
        passed: bool,
    ) -> None:
        assert self._steps is not None, "steps are wanted"
        text = sentences.format_sentence(sentence, decided_by, *values)
        self._steps.append(PathStep(stage, passed, text, decided_by))

    @property
    def _awaits(self) -> tuple[Link, ...]:
        """What it would answer, once that is opened. What passes and opens a link answers no other there:
        nothing that has the ports of its answers opens one.
        """
        return tuple(
            [
                Link(link.interface_id, link.flow.reversed())
                for link in self._asked
                if not (link.has_all_ports and link in self._opens)
            ]
        )

    def is_answering(self, link: Link) -> bool:
        """Whether it answers what was let through at an interface."""
        self.is_general = False
        if self._connections.answers(link):
            return True
        self._asked += (link,)
        return False

    def opens(self, link: Link) -> None:
        """Note that its answers pass. What is an answer itself opens nothing."""
        self._opens += (link,)

    def judge(self, drop: Drop, decision: SecurityDecision, link: Link) -> Drop | None:
        """Note what the groups at an interface decide of what is no answer, and what follows."""
        if self._steps is not None:
            self._steps += sentences.security_steps(drop.stage, decision)
        if decision.allows is False:
            return drop
        self.opens(link)
        return None
