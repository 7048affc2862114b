# SPDX-License-Identifier: Apache-2.0
"""What a process has used, by /proc."""

import os
import pathlib
import re

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the user and system time that a process has used."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    fields = text.split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mebibytes(pid: int) -> float:
    """Return the most memory that a process has had resident so far."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) / 1024
