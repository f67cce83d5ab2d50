"""What is written on a command line for a broker's stage: `slice=128`, `dedup=50ms,ignore=dscp`.

A stage is its name, `=`, and what it is to do: words separated by commas, some of which are themselves
`name=value`; several values are joined by `+`. An expression for a filter is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from vtaplib.collector.broker.balancing import Balance
from vtaplib.collector.broker.deduplication import IGNORABLE, Deduplicate
from vtaplib.collector.broker.filtering import Filter
from vtaplib.collector.broker.masking import Mask
from vtaplib.collector.broker.pipeline import Pipeline
from vtaplib.collector.broker.sampling import Sample
from vtaplib.collector.broker.slicing import Slice
from vtaplib.collector.broker.stage import BrokerStage
from vtaplib.collector.broker.stripping import KINDS, StripTunnels
from vtaplib.errors import CollectorError

MS = {"us": Decimal("0.001"), "ms": Decimal(1), "s": Decimal(1000)}
"""Units of a window, in milliseconds."""

MOST_DIGITS = 20


class _Words:
    """The words of a stage's text. A word that the stage does not know is an error."""

    def __init__(self, stage: str, text: str, names: Collection[str]) -> None:
        self._stage = stage
        self.plain: list[str] = []
        self._named: dict[str, str] = {}
        for word in text.split(",") if text else ():
            name, is_named, value = (part.strip() for part in word.partition("="))
            if not is_named:
                self.plain.append(name)
            elif name not in names:
                raise self.error(
                    word, "one of " + ", ".join(f"{one}=…" for one in names) if names else "none"
                )
            elif name in self._named:
                raise self.error(word, f"one {name}=…, not two")
            else:
                self._named[name] = value

    def error(self, value: str, allowed: str) -> CollectorError:
        return CollectorError(f"stage {self._stage}: {value!r} is not understood; allowed is {allowed}")

    def named(self, name: str) -> str | None:
        return self._named.get(name)

    def one(self, allowed: str) -> str:
        """The only plain word."""
        if len(self.plain) != 1:
            raise self.error(",".join(self.plain), allowed)
        return self.plain[0]

    def number(self, text: str, allowed: str) -> int:
        if not re.fullmatch(rf"[0-9]{{1,{MOST_DIGITS}}}|0x[0-9a-fA-F]{{1,16}}", text):
            raise self.error(text, allowed)
        return int(text, 16 if text.startswith("0x") else 10)

    def named_number(self, name: str, otherwise: int) -> int:
        text = self.named(name)
        return otherwise if text is None else self.number(text, f"a whole number as {name}")

    def named_ports(self, name: str) -> tuple[int, ...]:
        text = self.named(name)
        return tuple(
            self.number(one, f"ports as {name}, such as 80+443") for one in (text or "").split("+") if one
        )


def _filter(text: str) -> BrokerStage:
    return Filter(text.strip())


def _dedup(text: str) -> BrokerStage:
    words = _Words("dedup", text, ("ignore", "memory"))
    window = Decimal(50)
    if words.plain:
        allowed = "a window such as 50ms, 500us or 1s"
        match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(us|ms|s)", words.one(allowed))
        if match is None:
            raise words.error(words.plain[0], allowed)
        window = Decimal(match[1]) * MS[match[2]]
    ignore = [one for one in (words.named("ignore") or "").split("+") if one]
    return Deduplicate(float(window), ignore=ignore, memory=words.named_number("memory", 1 << 18))


def _slice(text: str) -> BrokerStage:
    words = _Words("slice", text, ())
    allowed = "octets such as 128, or headers+N, as headers+64"
    wanted = words.one(allowed)
    headers, is_behind, octets = wanted.partition("+")
    if headers == "headers":
        return Slice(words.number(octets, allowed) if is_behind else 0, behind_headers=True)
    return Slice(words.number(wanted, allowed))


def _mask(text: str) -> BrokerStage:
    words = _Words("mask", text, ("from", "ports", "with", "checksums"))
    if words.plain not in ([], ["payload"]):
        raise words.error(",".join(words.plain), "payload")
    checksums = words.named("checksums")
    if checksums not in (None, "fix", "leave"):
        raise words.error(f"checksums={checksums}", "checksums=fix or checksums=leave")
    return Mask(
        offset=words.named_number("from", 0),
        ports=words.named_ports("ports"),
        octet=words.named_number("with", 0),
        fix_checksums=checksums == "fix",
    )


def _strip(text: str) -> BrokerStage:
    words = _Words("strip", text, ("vxlan-ports",))
    kinds = words.plain if words.plain != ["all"] else []
    ports = words.named_ports("vxlan-ports")
    return StripTunnels(*kinds, vxlan_ports=ports) if ports else StripTunnels(*kinds)


def _sample(text: str) -> BrokerStage:
    words = _Words("sample", text, ("seed",))
    allowed = "a share of flows such as 1/10 or 12.5%"
    share = words.one(allowed)
    match = re.fullmatch(r"([0-9]{1,18})\s*/\s*([0-9]{1,18})|([0-9]{1,3}(?:\.[0-9]{1,9})?)\s*%", share)
    if match is None:
        raise words.error(share, allowed)
    if match[3] is None:
        part, of = int(match[1]), int(match[2])
    else:
        part, of = (Fraction(match[3]) / 100).as_integer_ratio()
    return Sample(part, of, seed=words.named_number("seed", 0))


def _balance(text: str) -> BrokerStage:
    words = _Words("balance", text, ())
    allowed = "a number of outputs such as 4, or weights such as 3:1:1"
    numbers = [words.number(one, allowed) for one in words.one(allowed).split(":")]
    return Balance(numbers[0] if len(numbers) == 1 else numbers)


class _Form(NamedTuple):
    parse: Callable[[str], BrokerStage]
    example: str
    meaning: str
    needs_text: bool = True


FORMS = {
    "filter": _Form(
        _filter, "filter=tcp port 443", "keep the frames that match an expression of pcap-filter(7)"
    ),
    "dedup": _Form(
        _dedup,
        "dedup=50ms",
        "drop repeats within a window; differences in Ethernet, TTL and IPv4 checksum do not count; "
        f"ignore={'+'.join(IGNORABLE)}, memory=PACKETS",
        needs_text=False,
    ),
    "slice": _Form(
        _slice, "slice=128", "cut frames to a length, or with headers+N to N octets after the headers"
    ),
    "mask": _Form(
        _mask,
        "mask=payload",
        "overwrite the payload of TCP, UDP, … and all that cannot be read; "
        "from=OCTET, ports=80+443, with=0x58, checksums=fix",
        needs_text=False,
    ),
    "strip": _Form(
        _strip,
        "strip=vxlan,gre",
        f"remove tunnel headers: {', '.join(KINDS)}; vxlan-ports=4789+8472",
        needs_text=False,
    ),
    "sample": _Form(_sample, "sample=1/10", "keep a share of all flows, such as 1/10 or 12.5%; seed=N"),
    "balance": _Form(_balance, "balance=4", "distribute flows over outputs, or by weights such as 3:1:1"),
}
"""The stages by name."""


def parse_stage(text: str) -> BrokerStage:
    """The stage that a text such as `slice=128` asks for.

    Raises `CollectorError` that names the stage, the value and what is allowed.
    """
    name, has_text, rest = text.partition("=")
    name = name.strip()
    form = FORMS.get(name)
    if form is None:
        raise CollectorError(
            f"stage {text!r}: there is no stage {name!r}; write one of "
            + ", ".join(one.example for one in FORMS.values())
        )
    if form.needs_text and not rest.strip():
        raise CollectorError(f"stage {text!r}: {name} needs a value, as in {form.example}")
    if has_text and not rest.strip():
        raise CollectorError(f"stage {text!r}: nothing follows the =; write {name} alone, or {form.example}")
    return form.parse(rest)


def parse_stages(texts: Iterable[str]) -> Pipeline:
    """The pipeline of the stages that texts ask for, in order. Raises `CollectorError`."""
    return Pipeline([parse_stage(text) for text in texts])


def stage_help() -> str:
    """What can be written for a stage, a line for each."""
    width = max(len(form.example) for form in FORMS.values())
    return "\n".join(f"{form.example:<{width}}  {form.meaning}" for form in FORMS.values())
