"""A sorted set answers as a list does that is sorted anew for every question."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vtaplib.control.sorted_set import SortedSet

ITEMS = st.text("ab", max_size=3)


@given(
    st.lists(
        st.one_of(st.tuples(st.sampled_from(["add", "remove"]), ITEMS), st.tuples(ITEMS, ITEMS)), max_size=40
    )
)
def test_a_sorted_set_answers_as_a_sorted_list(steps: list[tuple[str, str]]) -> None:
    kept, model = SortedSet[str](), set[str]()
    for step, item in steps:
        if step == "add":
            if item not in model:
                kept.add(item)
                model.add(item)
        elif step == "remove":
            if item in model:
                kept.remove(item)
                model.remove(item)
        else:
            expected = [one for one in sorted(model) if step <= one <= item]
            assert list(kept.between(step, item)) == expected
            assert kept.count_between(step, item) == len(expected)
