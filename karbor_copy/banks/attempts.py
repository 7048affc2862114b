# SPDX-License-Identifier: Apache-2.0
"""Objects that each attempt of an operation writes with other bytes.

A worker can hang in a put, be replaced, and go on long after its successor
has finished. So its put must find out by itself, in the bank, that it comes
too late: it never replaces anything. Only what lies there before is deleted
first, by an attempt that still has its lease.
"""

import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Protocol

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import proven


class Store(Protocol):
    """What holds the object: a bank, or a section of one."""

    def put_new(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        """As :meth:`base.Bank.put_new`."""

    def delete(self, key: str) -> None:
        """As :meth:`base.Bank.delete`."""


def put(
    store: Store,
    key: str,
    data: bytes,
    *,
    attempt: int,
    check: Callable[[], None],
    serialized: bool = False,
) -> None:
    """Store what this attempt, counted from 1, has made.

    ``check`` raises what shall stop an attempt that was replaced. Other
    bytes under the key can then only be an earlier attempt's; the first
    attempt has none, so it deletes nothing.

    :raises ObjectExists: the first attempt comes too late.
    :raises BankUnavailable: what was deleted, several times, is still there.
    """
    # At once, and again once what was there is deleted: that is all mostly.
    for pause in (0.0, 0.0, *proven.PAUSES):
        time.sleep(pause)
        try:
            store.put_new(key, (data,), size=len(data), serialized=serialized)
            return
        except exceptions.ObjectExists:
            if attempt == 1:
                raise
        check()
        store.delete(key)
    raise exceptions.BankUnavailable(
        reason=f"object {key} was deleted, and is still there"
    )
