# SPDX-License-Identifier: Apache-2.0
"""A system that starts no more threads of a kind than a test lets it."""

import threading

import pytest


class ThreadLimit:
    """Refuses threads of a name when so many have been started."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, name: str, left: int
    ) -> None:
        self.left = left
        self.refused = 0
        start = threading.Thread.start

        def limited(thread: threading.Thread) -> None:
            if thread.name.startswith(name):
                if not self.left:
                    self.refused += 1
                    raise RuntimeError("can't start new thread")
                self.left -= 1
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", limited)
