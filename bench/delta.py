# SPDX-License-Identifier: Apache-2.0
"""The next checkpoint of a volume of which little changed, beside others.

Case D: 20 objects of 64 MiB, one of them new, and a target that has the
checkpoint before. Whole processes, in random order in each round. ``rclone``
brings a directory up to date, ``restic copy`` a repository. Restic encrypts
and cuts objects into pieces of about 1 MiB by their content: of an object in
which little has changed it moves less than the whole.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence

import copy_local
import engine

from karbor_copy.banks import directory
from karbor_copy.banks import keys
from karbor_copy.banks import manifest
from karbor_copy.banks import recorder
from karbor_copy.banks import section
from karbor_copy.data_models import manifest as manifest_model

MIB = copy_local.MIB
SECOND = "5f3b1d0e-7f1c-4a51-9d0a-6c1b2e4f8a97"
COUNT = 20
SIZE = 64 * MIB
#: What the engine does, by the name in the table.
ENGINES = {
    "read_back": ("--read-back",),
    "checksum": (),
    "links+read_back": ("--exclusive", "--read-back"),
    "links+checksum": ("--exclusive",),
}
#: In units of the peer's time: at most so many of restic's, and rclone's at
#: least so many of the engine's.
VS_RESTIC = 0.12
VS_RCLONE = 10.0


def blocks(seed: int, size: int) -> Iterator[bytes]:
    made = random.Random(seed)  # noqa: S311 - incompressible, that is all
    return (made.randbytes(min(MIB, size - at)) for at in range(0, size, MIB))


def digest_of(algorithm: str, seed: int, size: int) -> str:
    made = hashlib.new(algorithm, usedforsecurity=False)
    for block in blocks(seed, size):
        made.update(block)
    return made.hexdigest()


def protect(
    bank: pathlib.Path,
    checkpoint_id: str,
    seeds: list[int],
    size: int,
    algorithms: Sequence[str] = (),
) -> None:
    """Write a checkpoint; its manifest tells SHA-256 and the algorithms'."""
    store = directory.DirectoryBank(str(bank), engine.CONTAINER)
    store.set_up()
    recorded = recorder.Recorder()
    prefix = keys.section_prefix(checkpoint_id, engine.RESOURCE_ID)
    made = section.BankSection(store, prefix, writable=True, recorder=recorded)
    with made.batch() as writer:
        for number, seed in enumerate(seeds):
            digests = {
                name: digest_of(name, seed, size) for name in algorithms
            }
            writer.put(
                f"data_{number:05}",
                blocks(seed, size),
                size=size,
                digests=digests,
            )
    value = manifest_model.Manifest(
        checkpoint_id=checkpoint_id, entries=recorded.entries()
    )
    data = manifest.dump(value)
    store.put(keys.manifest_key(checkpoint_id), [data], size=len(data))


def section_of(bank: pathlib.Path, checkpoint_id: str) -> pathlib.Path:
    prefix = keys.section_prefix(checkpoint_id, engine.RESOURCE_ID)
    return bank / engine.CONTAINER / prefix


def engine_command(
    source: pathlib.Path, target: pathlib.Path, *more: str
) -> list[str]:
    return [
        sys.executable, str(copy_local.ROOT / "bench" / "engine.py"),
        str(source), str(target), "--known", *more,
    ]  # fmt: skip


class World:
    """The source with two checkpoints, and what each peer begins with."""

    def __init__(self, scratch: pathlib.Path, size: int) -> None:
        self.scratch = scratch
        self.source = scratch / "source"
        seeds = list(range(COUNT))
        protect(self.source, engine.CHECKPOINT_ID, seeds, size)
        seeds[COUNT // 2] = COUNT
        protect(self.source, SECOND, seeds, size)

    def engine(self, name: str, number: int) -> tuple[list[str], pathlib.Path]:
        target = self.scratch / f"{number}-{name}"
        self._run(engine_command(self.source, target))
        return (
            engine_command(
                self.source, target, "--checkpoint", SECOND,
                "--earlier", engine.CHECKPOINT_ID, *ENGINES[name],
            ),
            target,
        )  # fmt: skip

    def rclone(self, name: str, number: int) -> tuple[list[str], pathlib.Path]:
        target = self.scratch / f"{number}-{name}"
        old = section_of(self.source, engine.CHECKPOINT_ID)
        new = section_of(self.source, SECOND)
        self._run(["cp", "-r", str(old), str(target)])
        return ["rclone", "copy", "--checksum", str(new), str(target)], target

    def restic(self, name: str, number: int) -> tuple[list[str], pathlib.Path]:
        """Keep both snapshots in the first repository, one in the second."""
        first = self.scratch / "restic"
        if not first.exists():
            self._restic(first, "init")
            for checkpoint_id in (engine.CHECKPOINT_ID, SECOND):
                self._restic(
                    first, "backup", "--tag", checkpoint_id,
                    str(section_of(self.source, checkpoint_id)),
                )  # fmt: skip
        target = self.scratch / f"{number}-{name}"
        other = ["--from-repo", str(first)]
        self._restic(target, "init", *other, "--copy-chunker-params")
        copy = ["copy", *other, "--tag"]
        self._restic(target, *copy, engine.CHECKPOINT_ID)
        return self._restic_command(target, *copy, SECOND), target

    def _restic(self, repository: pathlib.Path, *more: str) -> None:
        self._run(self._restic_command(repository, *more))

    def _restic_command(
        self, repository: pathlib.Path, *more: str
    ) -> list[str]:
        return ["restic", "-q", "--repo", str(repository), *more]

    def _run(self, command: list[str]) -> None:
        subprocess.run(command, check=True, env=environment())


def environment() -> dict[str, str]:
    return dict(
        os.environ,
        PYTHONPATH=str(copy_local.ROOT),
        RESTIC_PASSWORD="bench",  # noqa: S106 - of a scratch repository
        RESTIC_FROM_PASSWORD="bench",  # noqa: S106
    )


def measure(world: World, rounds: int) -> dict[str, list[copy_local.Run]]:
    makers: dict[str, Callable[..., tuple[list[str], pathlib.Path]]] = {
        name: world.engine for name in ENGINES
    }
    makers |= {
        name: getattr(world, name)
        for name in ("rclone", "restic")
        if shutil.which(name)
    }
    runs: dict[str, list[copy_local.Run]] = {name: [] for name in makers}
    for number in range(rounds + 1):
        for name in random.sample(list(makers), len(makers)):
            command, target = makers[name](name, number)
            subprocess.run(["sync", "-f", str(world.scratch)], check=True)
            result = copy_local.timed(command, environment())
            if number:  # the first round warms up
                runs[name].append(result)
            elif name in ENGINES:
                check(world, command, target)
            shutil.rmtree(target)
    return runs


def check(world: World, command: list[str], target: pathlib.Path) -> None:
    """See that the copy is right, and that only the new object was sent."""
    subprocess.run(
        [
            "diff", "-rq", str(section_of(world.source, SECOND)),
            str(section_of(target, SECOND)),
        ],
        check=True,
    )  # fmt: skip
    shutil.rmtree(target / engine.CONTAINER / "checkpoints" / SECOND)
    told = subprocess.run(
        [*command, "--tell"],
        check=True,
        env=environment(),
        capture_output=True,
    )
    (new,) = {path.stat().st_size for path in section_of(
        world.source, SECOND
    ).iterdir()}  # fmt: skip
    if json.loads(told.stdout)["sent"] != new:
        raise SystemExit(f"sent {told.stdout!r} for one object of {new}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="divide sizes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scratch", help="where to copy; emptied afterwards")
    parser.add_argument("--json", help="file for the results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        world = World(pathlib.Path(scratch), SIZE // options.scale)
        runs = measure(world, options.rounds)
    print(
        f"{'':<18}{'s':>8}{'CPU s':>8}{'RSS MiB':>9}{'of restic':>11}"
        f"{'faster than rclone':>20}"
    )
    rows = {}
    for name, items in runs.items():
        rows[name] = row = {
            "wall": statistics.median(item.wall for item in items),
            "cpu": statistics.median(item.cpu for item in items),
            "rss": max(item.rss for item in items) / MIB,
        }
        of_restic = faster = ""
        if name in ENGINES and "restic" in runs:
            ratio = copy_local.median_ratio(items, runs["restic"])
            of_restic = f"{ratio:.2f}{'!' if ratio > VS_RESTIC else ' '}"
        if name in ENGINES and "rclone" in runs:
            ratio = copy_local.median_ratio(runs["rclone"], items)
            faster = f"{ratio:.1f}{'!' if ratio < VS_RCLONE else ' '}"
        print(
            f"{name:<18}{row['wall']:>8.3f}{row['cpu']:>8.3f}"
            f"{row['rss']:>9.1f}{of_restic:>11}{faster:>20}"
        )
    print(f"targets: {VS_RESTIC} of restic, {VS_RCLONE} times rclone")
    if options.json:
        text = json.dumps({"scale": options.scale, "cases": rows}, indent=1)
        pathlib.Path(options.json).write_text(text + "\n")


if __name__ == "__main__":
    main()
