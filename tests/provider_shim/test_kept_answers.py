"""Answers that are kept beside the bytecode: made once, and again when the code that made them changes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provider_shim import kept_answers
from provider_shim.gen import tfplugin6_pb2 as pb
from provider_shim.handlers import method_handlers
from provider_shim.kept_answers import KeptAnswers
from provider_shim.late import Late
from provider_shim.lifecycle import Provider

SOURCE = "made_for_kept_answers"


class Maker:
    """Makes an answer, and counts how often."""

    def __init__(self, answer: bytes = b"answer") -> None:
        self.times = 0
        self.answer = answer

    def __call__(self) -> bytes:
        self.times += 1
        return self.answer


@pytest.fixture(autouse=True)
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A source file that counts as one of the provider's, and is as old as those of an installation."""
    path = tmp_path / f"{SOURCE}.py"
    path.write_text("")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(kept_answers, "PACKAGES", (SOURCE,))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    importlib.import_module(SOURCE)
    yield path
    del sys.modules[SOURCE]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "not there yet" / "kept"


def kept(directory: Path, maker: Maker, name: str = "name") -> bytes:
    return KeptAnswers(str(directory)).get(name, maker)


def test_an_answer_is_made_once_for_each_name(directory: Path) -> None:
    one, other = Maker(b"one"), Maker(b"")
    assert [kept(directory, one, "one") for _ in range(2)] == [b"one"] * 2
    assert [kept(directory, other, "other") for _ in range(2)] == [b""] * 2
    assert (one.times, other.times) == (1, 1)


@pytest.mark.parametrize("changed", ["size", "time", "gone"])
def test_an_answer_is_made_again_when_a_source_has_changed(
    directory: Path, source: Path, changed: str
) -> None:
    kept(directory, Maker(b"before"))
    if changed == "size":
        source.write_text("pass")
        os.utime(source, (1_000_000_000, 1_000_000_000))
    elif changed == "time":
        os.utime(source, (1_000_000_001, 1_000_000_001))
    else:
        source.unlink()
    assert kept(directory, Maker(b"after")) == b"after"


def test_an_answer_of_a_source_that_may_have_changed_since_it_was_loaded_is_not_kept(
    directory: Path, source: Path
) -> None:
    source.touch()
    maker = Maker()
    kept(directory, maker)
    kept(directory, maker)
    assert maker.times == 2


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: b"", lambda whole: whole + b"x"])
def test_an_answer_that_is_not_whole_is_made_again(directory: Path, damage: object) -> None:
    kept(directory, Maker())
    (file,) = directory.iterdir()
    assert callable(damage)
    file.write_bytes(damage(file.read_bytes()))
    maker = Maker()
    assert [kept(directory, maker) for _ in range(2)] == [b"answer"] * 2
    assert maker.times == 1


def test_where_nothing_can_be_written_an_answer_is_made_every_time(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    maker = Maker()
    assert [kept(in_the_way / "kept", maker) for _ in range(2)] == [b"answer"] * 2
    assert maker.times == 2


def test_nothing_is_kept_where_bytecode_is_not(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    kept(directory, Maker())
    assert not directory.exists()


def test_the_provider_answers_from_what_is_kept_as_without(directory: Path) -> None:
    def unused() -> Provider:
        raise AssertionError("what is kept needs no lifecycle")

    for name in ("GetProviderSchema", "GetResourceIdentitySchemas"):
        request = getattr(pb, name).Request()
        plain, first, again = (
            handlers[name].unary_unary(request, None)
            for handlers in (
                method_handlers(Late(Provider)),
                method_handlers(Late(Provider), KeptAnswers(str(directory))),
                method_handlers(Late(unused), KeptAnswers(str(directory))),
            )
        )
        assert plain == first == again
        assert not again.diagnostics
