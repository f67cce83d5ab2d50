"""Colours are far enough apart to be read, in light, in dark and on paper (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from vtaplib.reports.page.drawing import HUES

STYLE = files("vtaplib.reports.page").joinpath("style.css").read_text()

# The three blocks that give every colour a value.
THEMES = dict(
    zip(
        ("light", "dark", "print"),
        (
            dict(re.findall(r"--([\w-]+): (#\w+)", block))
            for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
        ),
        strict=True,
    )
)
GROUNDS = ("page", "card", "soft")
TEXTS = ("text", "muted", "accent")
MARKS = ("good", "warn", "bad", *(f"hue-{number}" for number in range(HUES + 1)))


def luminance(colour: str) -> float:
    """The relative luminance of a colour, as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_stands_out_from_whatever_is_behind_it(theme: str) -> None:
    colours = THEMES[theme]
    for text in TEXTS:
        for ground in GROUNDS:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["text"], colours["warn-back"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_marks_and_lines_stand_out_from_whatever_is_behind_them(theme: str) -> None:
    colours = THEMES[theme]
    for mark in MARKS:
        for ground in ("card", "soft"):
            assert contrast(colours[mark], colours[ground]) >= 3, (mark, ground)


def test_the_themes_have_the_same_colours_and_the_style_uses_no_other() -> None:
    assert len({frozenset(colours) for colours in THEMES.values()}) == 1
    used = set(re.findall(r"var\(--([\w-]+)", STYLE)) - {"hue"}
    assert used == set(THEMES["light"])
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-fA-F]{3,6}\b", rules)
