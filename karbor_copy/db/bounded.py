# SPDX-License-Identifier: Apache-2.0
"""Reads that nobody waits for longer than so: a frozen database hangs them."""

import threading
from collections.abc import Callable
from concurrent import futures
from typing import Generic
from typing import TypeVar

R = TypeVar("R")


class Bounded(Generic[R]):
    """Calls a function in a thread of its own, one call at a time.

    Who asks while a call is under way waits for the answer of that one, so
    that no more than one thread ever hangs, however often it is asked.
    """

    def __init__(self, function: Callable[[], R], timeout: float) -> None:
        """Take how many seconds an answer is waited for."""
        self._function = function
        self._timeout = timeout
        self._lock = threading.Lock()
        self._asked: futures.Future[R] | None = None

    def __call__(self) -> R:
        """Return the answer.

        :raises TimeoutError: there is none in time.
        :raises RuntimeError: there can be no thread; the next call tries
            again.
        """
        with self._lock:
            asked = self._asked
            if asked is None or asked.done():
                asked = self._asked = futures.Future()
                # A daemon: a process that ends does not wait for it.
                thread = threading.Thread(
                    target=self._answer,
                    args=(asked,),
                    name="bounded",
                    daemon=True,
                )
                try:
                    thread.start()
                except RuntimeError as error:
                    asked.set_exception(error)
        return asked.result(self._timeout)

    def _answer(self, asked: "futures.Future[R]") -> None:
        try:
            answer = self._function()
        except Exception as error:  # noqa: BLE001  raised where it is asked
            asked.set_exception(error)
        else:
            asked.set_result(answer)
