# SPDX-License-Identifier: Apache-2.0
"""Runs the standalone service as a child of the demo."""

import contextlib
import pathlib
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Final

START_TIMEOUT: Final = 60
STOP_TIMEOUT: Final = 30
_URL: Final = re.compile(r"https?://\S+")
_TAIL: Final = 15


class ServerFailed(Exception):
    """The service did not start."""


def command(state_path: pathlib.Path) -> list[str]:
    """Return the command of a service on a free port of this machine."""
    return [
        sys.executable,
        "-m",
        "karbor_copy.cmd.standalone",
        "--state-path",
        str(state_path),
        "--port",
        "0",
    ]


@contextlib.contextmanager
def serving(
    arguments: Sequence[str],
    log_path: pathlib.Path,
    *,
    timeout: float = START_TIMEOUT,
) -> Iterator[str]:
    """Run a service, logging to a file; yield its URL.

    :raises ServerFailed: it ended at once, or told no URL in time
    :raises OSError: it can't be run
    """
    with (
        log_path.open("ab") as log,
        subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            yield _url(process, timeout)
        finally:
            _stop(process)


def tail(log_path: pathlib.Path) -> str:
    """Return the last lines of a log, or nothing where there is none."""
    try:
        text = log_path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-_TAIL:])


def _url(process: subprocess.Popen[str], timeout: float) -> str:
    """Return the URL in the first line that the service prints."""
    stream = process.stdout
    if stream is None or not select.select([stream], [], [], timeout)[0]:
        raise ServerFailed(f"the service was not up after {timeout:g} s")
    line = stream.readline()
    found = _URL.search(line)
    if found is None:
        raise ServerFailed(f"the service told no URL: {line.strip()!r}")
    return found.group()


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
