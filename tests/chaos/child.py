# SPDX-License-Identifier: Apache-2.0
"""One process of the service, as its parent sees it."""

import multiprocessing
import os
import pathlib
import re
import signal
import time

from tests.chaos import worker

START_TIMEOUT = 60.0
#: Seconds for the work itself, on a machine that has other things to do.
WORK = 20.0

_URL = re.compile(r"http://\S+")
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([worker.__name__])


class Child:
    """One process of the service; ``url`` is None if it has no API.

    It is forked by a server that has imported everything once: a kill
    costs no start of an interpreter.
    """

    def __init__(self, orders: worker.Orders) -> None:
        self.url: str | None = None
        self._output = orders.output
        self.process = _FORKS.Process(target=worker.run, args=(orders,))
        self.process.start()

    def wait_until_up(self) -> None:
        """Read the line that it prints when it serves, unless it dies.

        :raises AssertionError: it neither served nor died.
        """
        deadline = time.monotonic() + START_TIMEOUT
        text = ""
        while not text.endswith("\n") and self.process.is_alive():
            assert time.monotonic() < deadline, "the service did not start"
            time.sleep(0.02)
            if self._output.exists():
                text = self._output.read_text()
        found = _URL.search(text)
        self.url = found.group() if found else None

    def wait_for_death(self, timeout: float = WORK) -> None:
        """Wait until its plan has killed it.

        :raises AssertionError: it lives, or ended in another way.
        """
        code = self.wait(timeout)
        assert code is not None, "the planned step was not reached"
        assert code == -signal.SIGKILL, f"the service ended with {code}"

    def wait_for_stop(self, timeout: float = WORK) -> None:
        """Wait until its plan has stopped it, as SIGSTOP does.

        :raises AssertionError: it did not.
        """
        path = pathlib.Path(f"/proc/{self.process.pid}/stat")
        deadline = time.monotonic() + timeout
        while path.read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline, "it was not stopped"
            time.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def wait(self, timeout: float = WORK) -> int | None:
        """Wait for its end; return its exit code, None if it lives on."""
        self.process.join(timeout)
        return self.process.exitcode

    def kill(self) -> None:
        """Kill it where it is."""
        self.process.kill()
        self.process.join()

    def terminate(self, timeout: float = WORK) -> int | None:
        """Ask it to end; return its exit code, None if it lives on."""
        self.process.terminate()
        return self.wait(timeout)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.is_alive():
            self.kill()
        self.process.close()
