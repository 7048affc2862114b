# SPDX-License-Identifier: Apache-2.0
"""Copies to and between Swift banks, beside rclone.

Whole processes, in random order in each round; real Swift servers that are
started for it, whose own CPU rules the time. S1: files to Swift, with the
MD5 of the source's manifest. S2: from one Swift to another. S3: between two
containers of one account, by the server.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import uuid

import copy_local
import delta
import engine

from karbor_copy.banks import swift
from tools.servers import server
from tools.servers import swift as swift_server

MIB = copy_local.MIB
COUNT = 8
SIZE = 64 * MIB
ENGINE = "engine"
RCLONE = "rclone"


@dataclasses.dataclass(frozen=True)
class Case:
    """A way of copying, and its targets as parts of what rclone needs.

    ``cpu_of`` is another case that the CPU is compared with instead.
    """

    name: str
    wall: float
    cpu: float
    rss: float
    rclone: tuple[str, ...] = ()
    cpu_of: str = ""


CASES = (
    Case("S1", 0.95, 0.45, 0.25),
    Case("S2", 1.05, 0.40, 0.25, ("--disable", "Copy")),
    Case("S3", 1.10, 0.15, 0.30, cpu_of="S2"),
)


class World:
    """Two servers; sources and targets of every case."""

    def __init__(
        self, scratch: pathlib.Path, urls: dict[str, str], size: int
    ) -> None:
        self._urls = urls
        self.files = scratch / "source"
        seeds = list(range(COUNT))
        delta.protect(
            self.files, engine.CHECKPOINT_ID, seeds, size, algorithms=("md5",)
        )
        # rclone knows no names that begin with a slash, so it has its own.
        self._source = self._place("one")
        self._run(self._engine(str(self.files), self._source))
        self._rclone_source = f"one:bench-{uuid.uuid4()}"
        if shutil.which(RCLONE):
            self._run(self._rclone(self._files, self._rclone_source))

    def command(self, case: Case, peer: str) -> list[str]:
        region = "one" if case.name == "S3" else "two"
        local = case.name == "S1"
        if peer == ENGINE:
            source = str(self.files) if local else self._source
            return self._engine(source, self._place(region))
        return self._rclone(
            self._files if local else self._rclone_source,
            f"{region}:bench-{uuid.uuid4()}",
            *case.rclone,
        )

    @property
    def _files(self) -> str:
        return str(delta.section_of(self.files, engine.CHECKPOINT_ID))

    def _place(self, region: str) -> str:
        """Return a new container of a region, as the engine is told it."""
        container = f"bench-{uuid.uuid4()}"
        bank = swift.SwiftBank(
            **engine.swift_options(self._urls[region], container)
        )
        bank.set_up()
        return f"{self._urls[region]}#{container}"

    def _engine(self, source: str, target: str) -> list[str]:
        return [
            sys.executable, str(copy_local.ROOT / "bench" / "engine.py"),
            source, target, "--known", "--threads", "4",
        ]  # fmt: skip

    def _rclone(self, source: str, target: str, *more: str) -> list[str]:
        return ["rclone", "copy", "--checksum", *more, source, target]

    def environment(self) -> dict[str, str]:
        found = dict(os.environ, PYTHONPATH=str(copy_local.ROOT))
        account, user, key = swift_server.USERS[0]
        for region, url in self._urls.items():
            prefix = f"RCLONE_CONFIG_{region.upper()}_"
            found |= {
                f"{prefix}TYPE": "swift",
                f"{prefix}USER": f"{account}:{user}",
                f"{prefix}KEY": key,
                f"{prefix}AUTH": f"{url}/auth/v1.0",
            }
        return found

    def _run(self, command: list[str]) -> None:
        subprocess.run(command, check=True, env=self.environment())


def measure(world: World, rounds: int) -> list[dict[str, object]]:
    peers = [ENGINE, *([RCLONE] if shutil.which(RCLONE) else [])]
    runs: dict[tuple[str, str], list[copy_local.Run]] = {}
    for number in range(rounds + 1):
        for case in CASES:
            for peer in random.sample(peers, len(peers)):
                done = copy_local.timed(
                    world.command(case, peer), world.environment()
                )
                if number:  # the first round warms up
                    runs.setdefault((case.name, peer), []).append(done)
    return [row(case, runs) for case in CASES]


def row(
    case: Case, runs: dict[tuple[str, str], list[copy_local.Run]]
) -> dict[str, object]:
    found: dict[str, object] = {"case": case.name}
    mine, theirs = (runs.get((case.name, p), []) for p in (ENGINE, RCLONE))
    for name in ("wall", "cpu", "rss"):
        unit = MIB if name == "rss" else 1
        for peer, items in ((ENGINE, mine), (RCLONE, theirs)):
            if items:
                middle = statistics.median(getattr(i, name) for i in items)
                found[f"{peer}_{name}"] = round(middle / unit, 3)
        others = theirs
        if name == "cpu" and case.cpu_of:
            others = runs[case.cpu_of, ENGINE]
        if others:
            ratios = (
                getattr(a, name) / getattr(b, name)
                for a, b in zip(mine, others, strict=True)
            )
            found[name] = round(statistics.median(ratios), 2)
        found[f"{name}_target"] = getattr(case, name)
    return found


def print_table(rows: list[dict[str, object]]) -> None:
    for found in rows:
        print(found["case"])
        for name, unit in (("wall", "s"), ("cpu", "s"), ("rss", "MiB")):
            target = found[f"{name}_target"]
            ratio = found.get(name, "-")
            late = "!" if ratio != "-" and ratio > target else ""
            print(
                f"  {name:<5}{found[f'{ENGINE}_{name}']:>9} {unit:<4}"
                f"rclone {found.get(f'{RCLONE}_{name}', '-'):>9}"
                f"   ratio {ratio}{late} (target {target})"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="divide sizes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scratch", help="where to copy; emptied afterwards")
    parser.add_argument("--json", help="file for the results")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=options.scratch) as scratch,
        server.running(swift_server.Swift) as one,
        server.running(swift_server.SwiftTwo) as two,
    ):
        urls = {"one": one.url, "two": two.url}
        world = World(pathlib.Path(scratch), urls, SIZE // options.scale)
        rows = measure(world, options.rounds)
    print_table(rows)
    if options.json:
        text = json.dumps({"scale": options.scale, "cases": rows}, indent=1)
        pathlib.Path(options.json).write_text(text + "\n")


if __name__ == "__main__":
    main()
