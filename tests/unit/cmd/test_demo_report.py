# SPDX-License-Identifier: Apache-2.0
"""Tests of the demo's table and figures."""

from karbor_copy.cmd import demo_report

RIGHT = demo_report.Row(volume="v1", original="a" * 64, restored="a" * 64)
# The digits that differ are not among those shown.
WRONG = demo_report.Row(
    volume="v2", original="b" * 64, restored="b" * 63 + "c"
)
MISSING = demo_report.Row(volume="v3", original="c" * 64, restored=None)


def report(*rows: demo_report.Row) -> demo_report.Report:
    return demo_report.Report(
        rows=rows,
        checkpoints=2,
        bytes_copied=3 << 20,
        bytes_skipped=1 << 20,
        bytes_reused=0,
        seconds=2.0,
        again_copied=0,
    )


def test_table() -> None:
    assert demo_report.table([RIGHT, WRONG, MISSING]).splitlines() == [
        "volume  original sha256   restored sha256   equal",
        "------  ----------------  ----------------  -----",
        "v1      aaaaaaaaaaaaaaaa  aaaaaaaaaaaaaaaa  yes",
        "v2      bbbbbbbbbbbbbbbb  bbbbbbbbbbbbbbbb  NO",
        "v3      cccccccccccccccc  missing           NO",
    ]


def test_good_only_if_all_are_equal() -> None:
    assert report(RIGHT).good
    assert not report(RIGHT, WRONG).good
    assert not report(MISSING).good
    assert not report().good


def test_summary() -> None:
    assert demo_report.summary(report(RIGHT, WRONG)) == (
        "1 of 2 volumes restored from the copy are equal (SHA-256); "
        "2 checkpoints, 3.0 MiB copied in 2.0 s (2 MB/s), 1.0 MiB skipped, "
        "0 B reused; the second copy request copied 0 B"
    )
