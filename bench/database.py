# SPDX-License-Identifier: Apache-2.0
"""Times what grows with a plan or a catalogue: copies, pages, races.

    python bench/database.py [--json FILE] [URL of a server ...]

On sqlite, and on each server that is named, in a database of its own. Shown
are medians in milliseconds: a copy request of so many uncopied checkpoints,
a page of 50 from the beginning, the middle and the end of so many rows, and
64 identical requests at once.
"""

import argparse
import concurrent.futures
import contextlib
import json
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from karbor_copy.data_models import copy_request  # noqa: E402
from karbor_copy.data_models import page  # noqa: E402
from karbor_copy.db import checkpoints  # noqa: E402
from karbor_copy.db import copies  # noqa: E402
from karbor_copy.db import migration  # noqa: E402
from karbor_copy.db import operation_log_queries  # noqa: E402
from tests.fixtures import database  # noqa: E402
from tests.fixtures import rows  # noqa: E402

SIZES = (10, 1_000, 10_000)
ROUNDS = 5
PAGE = 50
RACERS = 64


def any_types(_types: Collection[str]) -> None:
    """Let every plugin copy."""


def timed(call: Callable[[], object]) -> float:
    """Return how many milliseconds a call takes."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def create(size: int) -> float:
    """Time one request for so many uncopied checkpoints."""
    plan = rows.stored_plan()
    rows.checkpoints(plan, size)
    request = rows.request(plan)
    return timed(lambda: copies.create(request, any_types))


def race() -> float:
    """Time identical requests that come at once."""
    plan = rows.stored_plan()
    rows.checkpoints(plan, 10)
    request = rows.request(plan)
    with concurrent.futures.ThreadPoolExecutor(RACERS) as pool:

        def ask(_number: int) -> copy_request.Copy:
            return copies.create(request, any_types)

        return timed(lambda: list(pool.map(ask, range(RACERS))))


def pages(size: int) -> Iterator[tuple[str, float]]:
    """Yield list, place in it and median time of so many rows."""
    database.empty()
    plan = rows.stored_plan()
    rows.checkpoints(plan, size)
    made = copies.create(rows.request(plan), any_types)
    project = rows.PROJECT

    def list_checkpoints(wanted: page.Page) -> list[str]:
        found = checkpoints.list_page(
            wanted, provider_id=rows.SOURCE, project_id=project
        )
        return [item.id for item in found]

    def list_members(wanted: page.Page) -> list[str]:
        found = copies.list_members(project, made.id, wanted)
        return [item.id for item in found]

    def list_logs(wanted: page.Page) -> list[str]:
        found = operation_log_queries.list_page(wanted, project)
        return [item.id for item in found]

    lists = {
        "checkpoints": list_checkpoints,
        "members": list_members,
        "operation logs": list_logs,
    }
    for name, listed in lists.items():
        ids = listed(page.Page(limit=size))
        for place in (0, size // 2, size - PAGE):
            marker = ids[place - 1] if place else None
            wanted = page.Page(limit=PAGE, marker=marker)
            times = [timed(lambda: listed(wanted)) for _ in range(4 * ROUNDS)]  # noqa: B023
            yield f"page of {name} at {place} of {size}", min(times)


@contextlib.contextmanager
def used(name: str) -> Iterator[None]:
    """Use a database of our own."""
    if name == database.SQLITE:
        with (
            tempfile.TemporaryDirectory() as directory,
            database.sqlite(pathlib.Path(directory)),
        ):
            yield
        return
    with database.own_database(name) as url:
        database.configure(url)
        migration.sync()
        yield


def measure() -> dict[str, float]:
    """Return all figures of the database in use."""
    create(10)
    figures = {
        f"copy request of {size}": statistics.median(
            create(size) for _ in range(ROUNDS)
        )
        for size in SIZES
    }
    figures[f"{RACERS} identical requests"] = statistics.median(
        race() for _ in range(ROUNDS)
    )
    for size in (100, 10_000):
        figures |= dict(pages(size))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("servers", nargs="*")
    arguments = parser.parse_args()
    results = {}
    for name in (database.SQLITE, *arguments.servers):
        label = name.split(":", 1)[0]
        with used(name):
            results[label] = measure()
        for what, milliseconds in results[label].items():
            print(f"{label:22} {what:44} {milliseconds:9.2f} ms")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
