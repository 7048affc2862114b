# SPDX-License-Identifier: Apache-2.0
import threading

import pytest

from karbor_copy.db import bounded


def test_an_answer() -> None:
    answers = iter((1, 2))
    ask = bounded.Bounded(lambda: next(answers), 30.0)
    assert (ask(), ask()) == (1, 2)


def test_an_error_is_told_to_who_asks() -> None:
    def away() -> None:
        raise ConnectionError("away")

    ask = bounded.Bounded(away, 30.0)
    for _ in range(2):
        with pytest.raises(ConnectionError, match="away"):
            ask()


def test_what_hangs_is_waited_for_by_all_in_one_thread() -> None:
    calls: list[threading.Thread] = []
    back = threading.Event()

    def frozen() -> str:
        calls.append(threading.current_thread())
        back.wait(30)
        return "thawed"

    ask = bounded.Bounded(frozen, 0.01)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            ask()
    assert len(calls) == 1
    back.set()
    calls[0].join(30)
    # What came too late is nobody's answer any more.
    back.clear()
    with pytest.raises(TimeoutError):
        ask()
    assert len(calls) == 2
    back.set()


def test_a_thread_that_can_not_be_started_is_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    ask = bounded.Bounded(lambda: "an answer", 30.0)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            ask()
    assert ask() == "an answer"
