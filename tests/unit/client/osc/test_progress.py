# SPDX-License-Identifier: Apache-2.0
"""Tests of bars and lines."""

import io
from typing import Any

import pytest

from karbor_copy.client.osc import progress

MIB = 1 << 20


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def member(
    status: str,
    copied: int = 0,
    *,
    skipped: int = 0,
    reused: int = 0,
    total: int = 8 * MIB,
    error: str | None = None,
) -> dict[str, Any]:
    return {
        "id": "m",
        "checkpoint_id": "c1",
        "status": status,
        "bytes_total": total,
        "bytes_copied": copied,
        "bytes_skipped": skipped,
        "bytes_reused": reused,
        "error_info": error,
    }


def test_lines_tell_what_is_new() -> None:
    stream = io.StringIO()
    with progress.on(stream) as shown:
        for item in (
            member("wait_copying", total=0),
            member("copying", total=0),
            member("copying", MIB),
            member("copying", 2 * MIB),
            member("copying", 3 * MIB),
            member("finished", 5 * MIB, skipped=2 * MIB, reused=MIB),
            member("finished", 5 * MIB, skipped=2 * MIB, reused=MIB),
        ):
            shown.update([item])
    assert stream.getvalue().splitlines() == [
        "checkpoint c1: copying",
        "checkpoint c1: copying, 2.0 MiB of 8.0 MiB copied, 0 B skipped, "
        "0 B reused",
        "checkpoint c1: finished, 5.0 MiB of 8.0 MiB copied, 2.0 MiB skipped, "
        "1.0 MiB reused",
    ]


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_errors_tell_the_reason(stream: io.StringIO) -> None:
    with progress.on(stream) as shown:
        shown.update([member("error", error="disk full")])
    assert "c1: error, 0 B of 8.0 MiB" in stream.getvalue()
    assert stream.getvalue().rstrip().endswith("reused: disk full")


def test_bars_on_a_terminal() -> None:
    stream = Terminal()
    with progress.on(stream) as shown:
        shown.update([member("wait_copying")])
        assert stream.getvalue() == ""
        shown.update([member("copying", 2 * MIB)])
        shown.update([member("copying", 4 * MIB)])
        assert "checkpoint c1:  50%" in stream.getvalue()
        assert "4.00M/8.00M" in stream.getvalue()
        for _ in range(2):
            shown.update([member("finished", 8 * MIB)])
    assert stream.getvalue().count("c1: finished, 8.0 MiB of 8.0 MiB") == 1


def test_bars_go_when_the_wait_ends_early() -> None:
    stream = Terminal()
    bars = progress.Bars(stream)
    bars.update([member("copying", MIB)])
    bars.close()
    assert stream.getvalue().endswith("\r")
