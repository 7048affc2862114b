# SPDX-License-Identifier: Apache-2.0
"""Small objects on which all else depends: put, and read again.

A back-end may answer a put and have nothing, or not show for a moment what
it has. Data is read back by the transfer; these are the objects which say
that there is data.
"""

import time
from collections.abc import Callable
from collections.abc import Mapping

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import section

#: Seconds to wait for a back-end to come to itself, after each try.
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)


def put(
    bank: base.Bank,
    objects: Mapping[str, bytes],
    put: Callable[[], object],
    check: Callable[[], None],
) -> None:
    """Call what puts these objects, key to bytes, until they are there.

    ``check`` is called before each try and raises what shall stop a worker
    that was replaced: what it misses may be what its successor has put.

    :raises BankUnavailable: they are not, though they were put several times.
    """
    for pause in PAUSES:
        check()
        put()
        wrong = [
            key for key, data in objects.items() if _read(bank, key) != data
        ]
        if not wrong:
            return
        time.sleep(pause)
    raise exceptions.BankUnavailable(
        reason=f"object {wrong[0]} was put, and is not there"
    )


def _read(bank: base.Bank, key: str) -> bytes | None:
    try:
        return section.read_all(bank, key)
    except exceptions.ObjectNotFound:
        return None
