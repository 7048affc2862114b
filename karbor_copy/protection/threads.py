# SPDX-License-Identifier: Apache-2.0
"""Threads whose log lines show the request that they work for."""

from collections.abc import Callable
from concurrent import futures
from typing import ParamSpec
from typing import TypeVar

from oslo_context import context

P = ParamSpec("P")
R = TypeVar("R")


class Threads(futures.ThreadPoolExecutor):
    """Lets each call have the context of the thread that submits it."""

    def submit(
        self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> futures.Future[R]:
        """Run the function in one of the threads."""
        current = context.get_current()

        def call() -> R:
            if current is not None:
                current.update_store()
            return fn(*args, **kwargs)

        return super().submit(call)
