# SPDX-License-Identifier: Apache-2.0
"""The threads that move objects, apart for each pair of banks."""

import threading
from concurrent import futures

from karbor_copy.protection import threads as context_threads


class TransferPool:
    """Executors by the banks that their threads wait for.

    A bank that is down holds only threads of the pairs that it is part of,
    so operations between other banks go on.
    """

    def __init__(self, threads: int) -> None:
        """Take how many threads each pair of banks has."""
        self._threads = threads
        self._executors: dict[frozenset[str], futures.Executor] = {}
        self._lock = threading.Lock()

    def executor(self, *provider_ids: str) -> futures.Executor:
        """Return the threads for work between these providers' banks."""
        banks = frozenset(provider_ids)
        with self._lock:
            if banks not in self._executors:
                self._executors[banks] = context_threads.Threads(
                    self._threads, "transfer"
                )
            return self._executors[banks]

    def shutdown(self) -> None:
        """Let the threads end after what they are doing."""
        with self._lock:
            for executor in self._executors.values():
                executor.shutdown(wait=False, cancel_futures=True)
