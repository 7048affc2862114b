# SPDX-License-Identifier: Apache-2.0
"""Volumes through the whole service: what it adds to the bare engine.

P4
    a volume of 8 x 64 MiB, and one of 1,600 x 640 KiB, from the POST of a
    copy to its end, beside the engine as a process of its own that copies
    the same checkpoint with the same guarantees
P5
    a volume of 64 GiB with 1 GiB of data in it, beside one of 1 GiB that is
    full
"""

import contextlib
import functools
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import copy_local  # noqa: E402
import delta  # noqa: E402
import table  # noqa: E402
import usage  # noqa: E402

from karbor_copy.client.v1 import client as v1_client  # noqa: E402
from karbor_copy.cmd import state  # noqa: E402
from tests.fixtures import standalone  # noqa: E402

ONE, TWO = standalone.REGION_ONE, standalone.REGION_TWO
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
#: Count and size of the objects of a volume, by name.
CUT = {"8 x 64 MiB": (8, 64 * MIB), "1600 x 640 KiB": (1600, 640 * KIB)}
ROUNDS = 5
SPARSE = 64 * GIB
DATA = GIB
#: Seconds between two looks at a copy.
LOOK = 0.02


@contextlib.contextmanager
def serving(
    scratch: str | None, chunk_size: int = 8 * MIB
) -> Iterator[standalone.Standalone]:
    """Run a service whose volumes are cut into chunks of that size."""
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        path = pathlib.Path(name) / "state"
        state.prepare(path)
        for file in (path / "providers.d").iterdir():
            group = "[volume_file_plugin]\n"
            text = file.read_text()
            file.write_text(
                text.replace(group, f"{group}chunk_size = {chunk_size}\n")
            )
        with standalone.serving(path) as service:
            yield service


def make_volume(
    service: standalone.Standalone, size: int, pieces: list[int]
) -> str:
    """Make a volume with a mebibyte of data at each place; return its id."""
    volume = standalone.make_volume(service.state, b"", "disk")
    path = service.state / "volumes" / f"volume-{volume}"
    with path.open("r+b") as file:
        file.truncate(size)
        for place in pieces:
            file.seek(place)
            file.write(random.randbytes(MIB))
    return volume


def plan_of(client: v1_client.Client, volume: str) -> str:
    resource = {"type": standalone.VOLUME, "id": volume, "name": "disk"}
    return str(client.plans.create("bench", ONE, [resource])["id"])


def until(ended: Callable[[], str], good: str) -> None:
    while (status := ended()) != good:
        if status == "error":
            raise SystemExit("it failed")
        time.sleep(LOOK)


def protect(client: v1_client.Client, plan_id: str) -> tuple[str, float]:
    """Return the checkpoint's id and how many seconds it took."""
    begin = time.perf_counter()
    made = client.checkpoints.create(ONE, plan_id)["id"]
    until(lambda: client.checkpoints.get(ONE, made)["status"], "available")
    return str(made), time.perf_counter() - begin


def copy(client: v1_client.Client, plan_id: str) -> float:
    begin = time.perf_counter()
    made = client.copies.create(ONE, plan_id)["id"]
    until(lambda: client.copies.get(made)["status"], "finished")
    return time.perf_counter() - begin


def through_the_service(scratch: str | None) -> Iterator[table.Line]:
    for name, (count, size) in CUT.items():
        ratios = []
        with serving(scratch, size) as service:
            client = service.client()
            # The rounds must find nothing at the target to reuse.
            for turn in range(ROUNDS + 1):
                pieces = list(range(0, count * size, MIB))
                volume = make_volume(service, count * size, pieces)
                plan_id = plan_of(client, volume)
                checkpoint_id, _ = protect(client, plan_id)
                peers = {
                    "service": functools.partial(copy, client, plan_id),
                    "engine": functools.partial(
                        bare_copy, service.state, checkpoint_id, volume
                    ),
                }
                walls = {
                    peer: peers[peer]()
                    for peer in random.sample(list(peers), len(peers))
                }
                if turn:
                    ratios.append(walls["service"] / walls["engine"])
                shutil.rmtree(service.state / "bare")
                for region in ("region-one", "region-two"):
                    empty(service.state / "banks" / region)
        yield table.Line(
            case="P4",
            what=f"{name}, service / engine",
            value=statistics.median(ratios),
            unit="x",
            target=1.15,
        )


def empty(bank: pathlib.Path) -> None:
    """Make room for the next round: data alone, which nobody reads again."""
    for data in bank.glob("*/checkpoints/*/resource-data"):
        shutil.rmtree(data)


def bare_copy(
    path: pathlib.Path, checkpoint_id: str, resource_id: str
) -> float:
    """Copy a checkpoint by the engine alone; return the seconds."""
    command = delta.engine_command(
        path / "banks" / "region-one", path / "bare",
        "--checkpoint", checkpoint_id, "--resource", resource_id,
        "--durable", "--read-back",
    )  # fmt: skip
    return copy_local.timed(command, delta.environment()).wall


def sparse(scratch: str | None) -> Iterator[table.Line]:
    shapes = {
        "64 GiB, 1 GiB of it data": (SPARSE, range(0, SPARSE, SPARSE // 1024)),
        "1 GiB, all data": (DATA, range(0, DATA, MIB)),
    }
    for name, (size, places) in shapes.items():
        with serving(scratch, MIB) as service:
            client = service.client()
            volume = make_volume(service, size, list(places))
            plan_id = plan_of(client, volume)
            _, protected = protect(client, plan_id)
            copied = copy(client, plan_id)
            peak = usage.peak_mebibytes(service.process.pid)
        for what, value, unit in (
            ("protect", protected, "s"),
            ("copy", copied, "s"),
            ("peak RSS", peak, "MiB"),
        ):
            yield table.Line(
                case="P5", what=f"{name}: {what}", value=value, unit=unit
            )


def main() -> None:
    parser = table.parser(__doc__)
    parser.add_argument("--scratch", help="where to write; emptied afterwards")
    options = parser.parse_args()
    table.show(
        {
            "P4": lambda: through_the_service(options.scratch),
            "P5": lambda: sparse(options.scratch),
        },
        options,
    )


if __name__ == "__main__":
    main()
