"""Whatever is written and deleted, both backends answer every question alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.control.conftest import file_backend
from vtaplib import Cloud, ResourceGroup, VtapError
from vtaplib.control.backends.backend import CloudBackend, NewRow
from vtaplib.control.backends.memory import MemoryBackend

KEYS = ("/a", "/a/one", "/a/one/x", "/a/two", "/ab", "/b")
NAMES = (*KEYS, "/a/addresses/0a", "/a/addresses/0b", "/c")
KINDS = ("Net", "Nic")
QUOTAS = ("/a/nics", "/b/nics")


class Step(NamedTuple):
    """A transaction: what it writes and deletes, and whether it fails then."""

    put: Sequence[NewRow]
    delete: Sequence[str]
    fails: bool


@st.composite
def steps(draw: st.DrawFn) -> Sequence[Step]:
    """Transactions in which every owner of a reference is there."""
    present: set[str] = set()
    done = []
    for _ in range(draw(st.integers(1, 6))):
        keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))
        gone = [
            one for one in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=2)) if one not in keys
        ]
        fails = draw(st.booleans())
        after = (present | set(keys)) - set(gone)
        owners = st.sampled_from([None, *sorted(after)])
        put = [
            NewRow(
                key,
                draw(st.sampled_from(KINDS)),
                draw(st.text(max_size=3)),
                list(draw(st.dictionaries(st.sampled_from(NAMES), owners, max_size=3)).items()),
                list(draw(st.dictionaries(st.sampled_from(QUOTAS), st.integers(1, 3), max_size=2)).items()),
            )
            for key in keys
        ]
        done.append(Step(put, gone, fails))
        present = present if fails else after
    return done


def apply(backend: CloudBackend, step: Step) -> None:
    try:
        with backend.writing():
            backend.delete(step.delete)
            backend.put(step.put)
            if step.fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass


def answers(backend: CloudBackend) -> object:
    """What a backend says to every question."""
    with backend.reading():
        return (
            list(backend.rows()),
            [backend.row(key) for key in NAMES],
            [
                list(backend.rows_by_kind(KINDS[:count], within))
                for count in (0, 1, 2)
                for within in ("", *NAMES)
            ],
            [list(backend.rows_by_reference(one, KINDS[:count])) for count in (0, 1, 2) for one in NAMES],
            [sorted(backend.targets(prefix)) for prefix in ("", *NAMES)],
            [backend.count_targets(low, high) for low in NAMES for high in NAMES],
            [sorted(set(backend.orphans(key))) for key in NAMES],
            [backend.usage(quota) for quota in QUOTAS],
        )


@given(steps())
def test_both_backends_answer_alike_after_any_writes(done: Sequence[Step]) -> None:
    memory, file = MemoryBackend(), file_backend()
    for step in done:
        for backend in (memory, file):
            apply(backend, step)
        assert answers(memory) == answers(file)
    file.close()


@given(steps())
def test_a_copy_of_a_cloud_in_memory_is_a_file_that_answers_alike(done: Sequence[Step]) -> None:
    memory, file = MemoryBackend(), file_backend()
    for step in done:
        apply(memory, step)
    target = Path(file.name).with_name("copy.db")
    memory.copy(target)
    with Cloud(backend=memory):
        copy = type(file)(target, read_only=True)
        assert answers(copy) == answers(memory)
        copy.close()
    file.close()


@pytest.mark.parametrize("endpoint", ["memory:", "file:cloud.db"])
def test_an_endpoint_opens_a_cloud(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Cloud.open(endpoint) as cloud:
        home = cloud.subscription("11111111-0000-4000-8000-000000000000")
        home.put(ResourceGroup(name="lab", location="uksouth"))
        assert [one.name for one in cloud.list(ResourceGroup)] == ["lab"]
    assert (tmp_path / "cloud.db").exists() is endpoint.startswith("file:")


@pytest.mark.parametrize(
    "endpoint", ["cloud.db", "https://cloud", "file:", "memory", "memory:x", "", ":", "FILE:x"]
)
def test_what_is_not_an_endpoint_is_refused_with_the_schemes_that_there_are(endpoint: str) -> None:
    with pytest.raises(VtapError) as error:
        Cloud.open(endpoint)
    assert str(error.value) == (
        f"{endpoint!r}: not an endpoint; write file:PATH or memory:, such as file:.vtap/cloud.db"
    )


@pytest.mark.parametrize("how", [{"read_only": True}, {"create": False}])
def test_there_is_no_cloud_in_memory_yet(how: dict[str, bool]) -> None:
    with pytest.raises(VtapError, match=r"^memory: holds no cloud yet"):
        Cloud.open("memory:", **how)  # type: ignore[arg-type]  # one of two keywords
