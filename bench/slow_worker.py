# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-protection with banks that are far away, each put 20 ms."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from karbor_copy.banks import base
from karbor_copy.banks import file_system
from karbor_copy.cmd import protection

LATENCY = 0.02
#: Of one process, to each bank.
CONNECTIONS = base.Properties().max_connections


class Writer:
    """Puts, after a while."""

    def __init__(self, writer: base.Writer) -> None:
        self._writer = writer

    def put(self, *args: Any, **kwargs: Any) -> base.ObjectInfo:
        time.sleep(LATENCY)
        return self._writer.put(*args, **kwargs)


class FarBank(file_system.FileSystemBank):
    """A file-system bank at the end of a long line."""

    @property
    def properties(self) -> base.Properties:
        return base.Properties()

    def put(self, *args: Any, **kwargs: Any) -> base.ObjectInfo:
        time.sleep(LATENCY)
        return super().put(*args, **kwargs)

    def put_new(self, *args: Any, **kwargs: Any) -> base.ObjectInfo:
        time.sleep(LATENCY)
        return super().put_new(*args, **kwargs)

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        with super().batch() as writer:
            yield Writer(writer)


def main(arguments: list[str]) -> int:
    """Run karbor-copy-protection with such banks; return its exit code."""
    # The entry point of the driver leads to this name.
    file_system.FileSystemBank = FarBank  # type: ignore[misc]
    return protection.main(arguments)
