# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.protection.threads."""

from oslo_context import context as oslo_context

from karbor_copy import context as request_context
from karbor_copy.protection import threads


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
