# SPDX-License-Identifier: Apache-2.0
"""Batches that are put again when their flush failed."""

import contextlib
from collections.abc import Callable
from typing import Protocol
from typing import TypeVar

from karbor_copy import exceptions
from karbor_copy.banks import base

_T = TypeVar("_T")


class Batched(Protocol):
    """What has batches: a bank, or a section of one."""

    def batch(self) -> contextlib.AbstractContextManager[base.Writer]:
        """As :meth:`base.Bank.batch`."""


def put(store: Batched, work: Callable[[base.Writer], _T]) -> _T:
    """Let ``work`` put into a batch, again and again until it is flushed.

    After a flush that failed the system may hold bytes that never reach the
    medium, so all of them are written anew. The bank's patience bounds it.

    :raises BankError: the flush failed for good.
    """
    while True:
        with (
            contextlib.suppress(exceptions.BatchLost),
            store.batch() as writer,
        ):
            return work(writer)
