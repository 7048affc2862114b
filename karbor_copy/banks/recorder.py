# SPDX-License-Identifier: Apache-2.0
"""Remembers what an operation has put, until the manifest is written."""

import threading

from karbor_copy.data_models import manifest


class Recorder:
    """The entries of the manifest to be; used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, manifest.Entry] = {}

    def add(self, entry: manifest.Entry) -> None:
        """Remember an object; the last put of a key counts."""
        with self._lock:
            self._entries[entry.key] = entry

    def discard(self, key: str) -> None:
        """Forget an object, relative to the checkpoint, if it is known."""
        with self._lock:
            self._entries.pop(key, None)

    def entries(self) -> dict[str, manifest.Entry]:
        """Return what is remembered, by key relative to the checkpoint."""
        with self._lock:
            return dict(self._entries)
