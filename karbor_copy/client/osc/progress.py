# SPDX-License-Identifier: Apache-2.0
"""Shows how far a copy is: bars on a terminal, else plain lines."""

import contextlib
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import Final
from typing import Protocol
from typing import TextIO

import tqdm

from karbor_copy.client.osc import display
from karbor_copy.client.v1 import transport

_OPEN: Final = "copying"
_WAITING: Final = "wait_copying"
#: Without a terminal a line is written at each such part of a copy.
_QUARTERS: Final = 4


class Progress(Protocol):
    """What is told the checkpoint copies each time they were asked for."""

    def update(self, members: Sequence[transport.Item]) -> None:
        """Show what is new."""


@contextlib.contextmanager
def on(stream: TextIO) -> Iterator[Progress]:
    """Show progress on a stream."""
    if not stream.isatty():
        yield Lines(stream)
        return
    bars = Bars(stream)
    try:
        yield bars
    finally:
        bars.close()


class Lines:
    """One line when a checkpoint's copy begins, moves on a quarter, ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told: dict[str, tuple[str, int]] = {}

    def update(self, members: Sequence[transport.Item]) -> None:
        """Write a line for each checkpoint copy that moved on."""
        for member in members:
            stage = (member["status"], _quarter(member))
            if stage[0] == _WAITING or self._told.get(member["id"]) == stage:
                continue
            self._told[member["id"]] = stage
            print(describe(member), file=self._stream, flush=True)


class Bars:
    """A bar for each checkpoint that is being copied, a line at its end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bars: dict[str, tqdm.tqdm[Any]] = {}
        self._ended: set[str] = set()

    def update(self, members: Sequence[transport.Item]) -> None:
        """Move the bars."""
        for member in members:
            if member["status"] == _OPEN:
                self._move(member)
            elif member["status"] != _WAITING:
                self._end(member)

    def close(self) -> None:
        """Take the bars away."""
        for bar in self._bars.values():
            bar.close()
        self._bars.clear()

    def _move(self, member: transport.Item) -> None:
        bar = self._bars.get(member["id"])
        if bar is None:
            bar = self._bars[member["id"]] = tqdm.tqdm(
                desc=f"checkpoint {member['checkpoint_id']}",
                file=self._stream,
                leave=False,
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                dynamic_ncols=True,
            )
        bar.total = member["bytes_total"]
        bar.n = _done(member)
        bar.refresh()

    def _end(self, member: transport.Item) -> None:
        if member["id"] in self._ended:
            return
        self._ended.add(member["id"])
        bar = self._bars.pop(member["id"], None)
        if bar is not None:
            bar.close()
        tqdm.tqdm.write(describe(member), file=self._stream)


def describe(member: transport.Item) -> str:
    """Return one line about a checkpoint copy."""
    size = display.human_size
    text = f"checkpoint {member['checkpoint_id']}: {member['status']}"
    # Nothing is known before the first report of a copy that runs.
    if member["bytes_total"]:
        text += (
            f", {size(member['bytes_copied'])} of "
            f"{size(member['bytes_total'])} copied, "
            f"{size(member['bytes_skipped'])} skipped, "
            f"{size(member['bytes_reused'])} reused"
        )
    reason = member.get("error_info")
    return f"{text}: {reason}" if reason else text


def _done(member: transport.Item) -> int:
    done: int = (
        member["bytes_copied"]
        + member["bytes_skipped"]
        + member["bytes_reused"]
    )
    return done


def _quarter(member: transport.Item) -> int:
    return _QUARTERS * _done(member) // (member["bytes_total"] or 1)
