# SPDX-License-Identifier: Apache-2.0
"""What the demo shows at its end: a table of digests and the figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from karbor_copy.client.osc import display

#: Of 64 digits; the comparison is of all of them.
_SHOWN_DIGITS: Final = 16
_HEAD: Final = ("volume", "original sha256", "restored sha256", "equal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One volume; ``restored`` is None when the restored file is missing."""

    volume: str
    original: str
    restored: str | None

    @property
    def equal(self) -> bool:
        """Tell whether the restored volume is the original."""
        return self.restored == self.original


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was done and what came of it."""

    rows: Sequence[Row]
    checkpoints: int
    bytes_copied: int
    bytes_skipped: int
    bytes_reused: int
    seconds: float
    again_copied: int

    @property
    def good(self) -> bool:
        """Tell whether every volume came back as it was."""
        return bool(self.rows) and all(row.equal for row in self.rows)


def table(rows: Sequence[Row]) -> str:
    """Return the table of digests as text."""
    cells = [_HEAD] + [
        (
            row.volume,
            row.original[:_SHOWN_DIGITS],
            (row.restored or "missing")[:_SHOWN_DIGITS],
            "yes" if row.equal else "NO",
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def summary(report: Report) -> str:
    """Return the figures as one line."""
    size = display.human_size
    equal = sum(row.equal for row in report.rows)
    rate = report.bytes_copied / 1e6 / report.seconds
    return (
        f"{equal} of {len(report.rows)} volumes restored from the copy are "
        f"equal (SHA-256); {report.checkpoints} checkpoints, "
        f"{size(report.bytes_copied)} copied in {report.seconds:.1f} s "
        f"({rate:.0f} MB/s), {size(report.bytes_skipped)} skipped, "
        f"{size(report.bytes_reused)} reused; "
        f"the second copy request copied {size(report.again_copied)}"
    )
