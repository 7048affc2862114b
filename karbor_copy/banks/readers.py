# SPDX-License-Identifier: Apache-2.0
"""Readers of what is in memory already."""


class BytesReader:
    """Reads bytes, as :class:`base.Reader` says."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer."""
        count = min(len(buffer), len(self._data))
        buffer[:count] = self._data[:count]
        self._data = self._data[count:]
        return count
