# SPDX-License-Identifier: Apache-2.0
"""A process that puts an object and gets stuck in the middle of it."""

import signal
import sys
from collections.abc import Iterator
from typing import Any

from karbor_copy.banks import base
from karbor_copy.banks import s3
from karbor_copy.banks import swift
from tests.fixtures import object_stores


class Stuck:
    """So many bytes of an object, and then nothing more."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._size = size

    def __iter__(self) -> Iterator[bytes]:
        yield self._data[: self._size]
        sys.stdout.write("stuck\n")
        sys.stdout.flush()
        signal.pause()


def main(
    kind: str,
    options: dict[str, Any],
    key: str,
    data: bytes,
    size: int,
    digests: dict[str, str],
) -> None:
    """Put the object; the bank is one of parts that tests can afford."""
    object_stores.make_parts_small()
    made: base.Bank = (
        swift.SwiftBank(**options) if kind == "swift" else s3.S3Bank(**options)
    )
    made.put(key, Stuck(data, size), size=len(data), digests=digests)
