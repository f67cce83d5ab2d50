"""What does not show is spelled out, and nothing else is touched."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vtaplib.reports.json_document import visible_json
from vtaplib.visible_text import LINES, laid_out, map_texts, one_line, visible, visible_report

# Half of what is drawn is what attackers would draw: controls, bidirectional controls (UAX #9, 2), joiners,
# selectors, fillers, tags, surrogates.
hostile = st.sampled_from(
    "\0\a\b\t\n\v\f\r\x1b\x7f\x80\x85\x9b\x9d\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b"
    "\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufe0f\ufeff\ufff9\U000e0041\U000e0100\u3164\u034f\u00ad"
    "\ud800\udc80\udcff\ue000\\"
)
texts = st.text(hostile | st.characters(exclude_categories=()))

SPELLED = re.compile(r"\\(?:([\\nrt])|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
LETTERS = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}


def read_back(shown: str) -> str:
    """What was spelled out, by the rules that the module states."""

    def character(found: re.Match[str]) -> str:
        letter, byte, *units = found.groups()
        if letter:
            return LETTERS[letter]
        code = int(byte or units[0] or units[1], 16)
        return chr(0xDC00 + code if byte and code >= 0x80 else code)

    return SPELLED.sub(character, shown)


def hidden(text: str) -> set[str]:
    """The characters that no terminal shows, less those that some scripts need between others."""
    return {
        one
        for one in text
        if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        and one not in "\u200c\u200d"
    }


@given(texts)
def test_a_name_is_one_line_of_what_shows_and_can_be_told_from_every_other(text: str) -> None:
    shown = visible(text)
    assert not hidden(shown)
    assert read_back(shown) == text


@given(texts)
def test_a_sentence_is_one_line_and_lines_keep_their_breaks(text: str) -> None:
    assert not hidden(one_line(text))
    assert hidden(laid_out(text)) <= {"\n"}
    assert laid_out(text).count("\n") == text.count("\n")


@given(texts)
def test_what_was_made_visible_stays_as_it_is(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)
    assert laid_out(laid_out(text)) == laid_out(text)


@pytest.mark.parametrize(
    "name",
    [
        "vm-web",
        "Überwachung",
        "監視 東京",
        "監視　東京",  # with an ideographic space
        "葛\U000e0100城",  # an ideographic variation
        "می\u200cخواهم",  # Persian: zero-width non-joiner
        "क्\u200dष",  # Devanagari: zero-width joiner
        "👩\u200d💻 ❤\ufe0f\u200d🔥",
        "שלום",
        "한국어",
        "ᠮᠣᠩ\u180bᠭᠣᠯ",
        "prix\u00a0: 5 €",
    ],
)
def test_names_in_every_script_stay_readable(name: str) -> None:
    assert visible(name) == one_line(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("a\u202eb", r"a\u202eb"),
        ("\x9b31m", r"\u009b31m"),
        ("caf\udce9", r"caf\xe9"),
        ("pay\u200bpal", r"pay\u200bpal"),
        ("pay\u200dpal", r"pay\u200dpal"),
        ("é\u200d\u200dé", r"é\u200d\u200dé"),
        ("é\ufe0f\ufe0f", "é\ufe0f\\ufe0f"),
        ("C:\\x1b", r"C:\\x1b"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_does_not_show_is_spelled_as_in_a_literal(name: str, shown: str) -> None:
    assert visible(name) == shown


# JSON is Unicode text: what is no such has been spelled out before.
unicode_texts = texts.map(lambda text: "".join(one for one in text if not "\ud800" <= one <= "\udfff"))


@given(st.recursive(unicode_texts, lambda inner: st.lists(inner) | st.dictionaries(unicode_texts, inner)))
@example("\x7f\x85\u202e\U000e0041é")
def test_a_json_document_says_the_same_and_shows(document: object) -> None:
    text = json.dumps(document, ensure_ascii=False)
    shown = visible_json(text)
    assert not hidden(shown)
    assert json.loads(shown) == json.loads(text) == document


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    below: tuple[Report, ...] = ()
    by_name: dict[str, object] = field(default_factory=dict)
    text: str = field(default="", metadata=LINES)


@given(texts, texts, texts)
def test_every_text_of_a_report_is_made_visible(first: str, second: str, third: str) -> None:
    report = Report(first, (Report(second),), {third: [first, 1, None]}, f"{first}\n{second}")
    assert visible_report(report) == Report(
        visible(first),
        (Report(visible(second)),),
        {visible(third): [visible(first), 1, None]},
        laid_out(f"{first}\n{second}"),
    )


def test_a_report_that_shows_is_the_very_report() -> None:
    report = Report("a", (Report("b"),), {"c": ["d"]})
    assert map_texts(report, visible) is report
