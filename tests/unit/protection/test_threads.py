# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.protection.threads."""

import threading

import pytest
from oslo_context import context as oslo_context

from karbor_copy import context as request_context
from karbor_copy.protection import threads
from tests.fakes import thread_limit


def current() -> str | None:
    found = oslo_context.get_current()
    return found and found.request_id


def test_a_call_has_the_context_of_who_submits_it() -> None:
    with threads.Threads(1) as pool:
        for name in ("req-1", "req-2"):
            request_context.for_project("p", name)
            # One that is called in a thread submits in its turn.
            nested = pool.submit(lambda: pool.submit(current))
            assert nested.result(30).result(30) == name


def test_arguments_results_and_errors_pass_through() -> None:
    with threads.Threads(1) as pool:
        assert pool.submit(int, "ff", base=16).result(30) == 255
        error = pool.submit(int, "no number").exception(30)
    assert isinstance(error, ValueError)


def test_a_call_that_gets_no_thread_is_not_made_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = thread_limit.ThreadLimit(monkeypatch, "pool", 0)
    called: list[str] = []
    with threads.Threads(1, "pool") as pool:
        with pytest.raises(threads.NoThreadLeft):
            pool.submit(called.append, "refused")
        limit.left = 1
        pool.submit(called.append, "begun").result(30)
    assert called == ["begun"]


def test_the_threads_there_are_do_the_work_of_those_there_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = thread_limit.ThreadLimit(monkeypatch, "pool", 1)
    go = threading.Event()
    called: list[int] = []
    with threads.Threads(4, "pool") as pool:
        first = pool.submit(go.wait, 30)
        others = [pool.submit(called.append, number) for number in range(3)]
        assert limit.refused == 3
        go.set()
        assert first.result(30)
        for other in others:
            other.result(30)
    assert called == [0, 1, 2]
