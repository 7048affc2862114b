# SPDX-License-Identifier: Apache-2.0
"""Tests of the signals that a process hears."""

import pathlib
import signal
import sys
import threading

from karbor_copy import startup
from tests.fixtures import forked
from tests.fixtures import standalone


def test_of_two_signals_at_once_none_is_lost(tmp_path: pathlib.Path) -> None:
    """One that came to another thread did not wake who waited for it."""
    for number in range(20):
        process = forked.Forked(
            _wait_for_two,
            output=tmp_path / f"{number}.out",
            errors=tmp_path / f"{number}.err",
        )
        try:
            assert process.first_line(standalone.TIMEOUT) == "ready"
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            assert process.wait(standalone.TIMEOUT) == 0
        finally:
            process.kill()


def _wait_for_two() -> int:
    for _ in range(20):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    arrived = startup.arriving(signal.SIGTERM, signal.SIGHUP)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    heard = {arrived(), arrived()}
    return 0 if heard == {signal.SIGTERM, signal.SIGHUP} else 1
