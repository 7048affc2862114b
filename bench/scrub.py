# SPDX-License-Identifier: Apache-2.0
"""Reading back all that a bank holds, beside ``restic check --read-data``.

Case D-scrub: 20 objects of 64 MiB in a bank, against the manifest, and the
same files in a repository of restic's, which decrypts what it reads. Whole
processes, in random order in each round; with one object spoilt at the end,
which both must find.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

import copy_local
import delta
import engine

SIZE = delta.SIZE
#: At most so many of restic's time.
VS_RESTIC = 0.3


def commands(scratch: pathlib.Path, size: int) -> dict[str, list[str]]:
    """Fill a bank and a repository; return what reads each."""
    bank, repository = scratch / "bank", scratch / "restic"
    delta.protect(bank, engine.CHECKPOINT_ID, list(range(delta.COUNT)), size)
    restic = ["restic", "-q", "--no-cache", "--repo", str(repository)]
    objects = delta.section_of(bank, engine.CHECKPOINT_ID)
    for words in (["init"], ["backup", str(objects)]):
        subprocess.run([*restic, *words], check=True, env=delta.environment())
    return {
        "scrub": [
            sys.executable, str(copy_local.ROOT / "bench" / "engine.py"),
            str(bank), "--scrub",
        ],
        "restic": [*restic, "check", "--read-data"],
    }  # fmt: skip


def spoil(place: pathlib.Path) -> None:
    """Flip a byte in the middle of the largest file."""
    path = max(
        (path for path in place.rglob("*") if path.is_file()),
        key=lambda path: path.stat().st_size,
    )
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0xFF]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="divide sizes")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scratch", help="where to write; emptied afterwards")
    parser.add_argument("--json", help="file for the results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as name:
        scratch = pathlib.Path(name)
        found = commands(scratch, SIZE // options.scale)
        runs: dict[str, list[copy_local.Run]] = {peer: [] for peer in found}
        for number in range(options.rounds + 1):
            for peer in random.sample(list(found), len(found)):
                result = copy_local.timed(found[peer], delta.environment())
                if number:  # the first round warms up
                    runs[peer].append(result)
        spoil(scratch / "bank")
        spoil(scratch / "restic" / "data")
        for peer, command in found.items():
            done = subprocess.run(
                command,
                check=False,
                env=delta.environment(),
                capture_output=True,
            )
            if not done.returncode:
                raise SystemExit(f"{peer} does not see the flipped byte")
    rows = {
        peer: {
            "wall": statistics.median(item.wall for item in items),
            "cpu": statistics.median(item.cpu for item in items),
            "rss": max(item.rss for item in items) / copy_local.MIB,
        }
        for peer, items in runs.items()
    }
    print(f"{'':<8}{'s':>8}{'CPU s':>8}{'RSS MiB':>9}")
    for peer, row in rows.items():
        print(
            f"{peer:<8}{row['wall']:>8.3f}{row['cpu']:>8.3f}{row['rss']:>9.1f}"
        )
    ratio = copy_local.median_ratio(runs["scrub"], runs["restic"])
    missed = " missed !" if ratio > VS_RESTIC else " met"
    print(f"{ratio:.2f} of restic, target {VS_RESTIC}{missed}")
    if options.json:
        text = json.dumps(
            {"scale": options.scale, "cases": rows, "vs_restic": ratio},
            indent=1,
        )
        pathlib.Path(options.json).write_text(text + "\n")


if __name__ == "__main__":
    main()
