"""Waiting for Terraform to have nothing left to ask."""

from __future__ import annotations

import select
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provider_shim.activity import Activity

QUIET, LONG = 0.05, 30.0


def waited(activity: Activity, at_most: float = LONG) -> float:
    """How long a call waits."""
    started = time.monotonic()
    with activity:
        activity.wait_until_quiet(QUIET, at_most)
    return time.monotonic() - started


def test_without_other_calls_it_is_quiet_after_the_time_for_that() -> None:
    assert waited(Activity()) >= QUIET


def test_a_call_that_is_being_answered_is_waited_for_and_what_comes_right_after_it_too() -> None:
    activity, begun = Activity(), threading.Event()

    def others() -> float:
        with activity:
            begun.set()
            time.sleep(2 * QUIET)
        with activity:
            return time.monotonic()

    with ThreadPoolExecutor(1) as pool, activity:
        other = pool.submit(others)
        begun.wait()
        activity.wait_until_quiet(QUIET, LONG)
        assert time.monotonic() - other.result() >= QUIET


def test_calls_that_wait_do_not_wait_for_each_other() -> None:
    activity = Activity()
    with ThreadPoolExecutor(5) as pool:
        assert max(pool.map(lambda _: waited(activity), range(5))) < LONG


def test_it_waits_no_longer_than_it_is_told() -> None:
    activity = Activity()
    with activity:
        assert waited(activity, at_most=2 * QUIET) >= 2 * QUIET


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="declared: needs Linux's /proc")
def test_a_client_that_has_something_to_do_is_waited_for() -> None:
    program = (
        "import time\nend = time.monotonic() + 0.5\nwhile time.monotonic() < end:\n    pass\n"
        "print(flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as client:
        try:
            waited(Activity(client.pid))
            assert client.stdout is not None
            assert select.select([client.stdout], [], [], 0)[0], "it has not finished"
        finally:
            client.kill()


def test_a_client_that_is_gone_is_not_waited_for() -> None:
    client = subprocess.Popen([sys.executable, "-c", ""])
    client.wait()
    assert waited(Activity(client.pid)) < LONG
