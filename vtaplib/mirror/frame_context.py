"""Frame context: what the fabric says of a frame at an interface, and the mirror cannot know.

The engine sees a frame at one interface; whether the frame gets past that interface's security groups, and
who began the conversation that it belongs to, is known along its way only. So it is told.
"""

from __future__ import annotations

from typing import NamedTuple


class FrameContext(NamedTuple):
    """What a frame is where it passes an interface.

    `is_denied`: a security group in force at the interface drops it. `is_answer`: it comes from the end of
    its conversation that did not begin it.
    """

    is_denied: bool = False
    is_answer: bool = False


ORDINARY = FrameContext()
"""A frame that passes, and answers nothing."""
