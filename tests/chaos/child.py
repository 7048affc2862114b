# SPDX-License-Identifier: Apache-2.0
"""One process of the service, as its parent sees it."""

import functools
import pathlib
import re
import signal
import subprocess
import time

from tests.chaos import worker
from tests.fixtures import forked

START_TIMEOUT = 60.0
#: Seconds for the work itself, on a machine that has other things to do.
WORK = 20.0

_URL = re.compile(r"http://\S+")


class Child:
    """One process of the service; ``url`` is None if it has no API."""

    def __init__(self, orders: worker.Orders, output: pathlib.Path) -> None:
        self.url: str | None = None
        self._forked = forked.Forked(
            functools.partial(worker.run, orders),
            output=output,
            errors=orders.state_path / "service.log",
        )

    @property
    def exitcode(self) -> int | None:
        """The code that it ended with, None if it lives."""
        return self._forked.poll()

    def wait_until_up(self) -> None:
        """Read the line that it prints when it serves, unless it dies.

        :raises AssertionError: it neither served nor died.
        """
        found = _URL.search(self._forked.first_line(START_TIMEOUT))
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
        path = pathlib.Path(f"/proc/{self._forked.pid}/stat")
        deadline = time.monotonic() + timeout
        while path.read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline, "it was not stopped"
            time.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._forked.send_signal(number)

    def wait(self, timeout: float = WORK) -> int | None:
        """Wait for its end; return its exit code, None if it lives on."""
        try:
            return self._forked.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """Kill it where it is."""
        self._forked.kill()
        self._forked.wait()

    def terminate(self, timeout: float = WORK) -> int | None:
        """Ask it to end; return its exit code, None if it lives on."""
        self._forked.terminate()
        return self.wait(timeout)
