# SPDX-License-Identifier: Apache-2.0
"""Threads whose log lines show the request that they work for."""

from collections.abc import Callable
from concurrent import futures
from typing import ParamSpec
from typing import TypeVar

from oslo_context import context
from oslo_log import log as logging

from karbor_copy import exceptions

LOG = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


class NoThreadLeft(exceptions.OperationStopped):
    """The system starts no thread; it tells nothing of the work."""

    msg_fmt = "The worker can't start a thread for the moment."


class Threads(futures.ThreadPoolExecutor):
    """Lets each call have the context of the thread that submits it.

    Where the system starts no more threads, it does with those that it has.
    """

    def submit(
        self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> futures.Future[R]:
        """Run the function in one of the threads.

        :raises NoThreadLeft: there is none, and the function won't be run.
        """
        current = context.get_current()

        def call() -> R:
            if current is not None:
                current.update_store()
            return fn(*args, **kwargs)

        return super().submit(call)

    def _adjust_thread_count(self) -> None:
        """Start a thread if none is free for the call that is in the queue.

        As long as this runs nobody else puts into the queue.
        """
        try:
            super()._adjust_thread_count()
        except RuntimeError as error:
            if self._threads:
                return
            # Else a thread that can be started later would run it.
            self._work_queue.get_nowait()
            LOG.error("No thread can be started: %s", error)
            raise NoThreadLeft from error
