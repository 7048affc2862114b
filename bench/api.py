# SPDX-License-Identifier: Apache-2.0
"""Times what the API accepts, in the processes that serve it in production.

gunicorn serves as the sample says, but with one worker process; database and
broker are servers of the benchmark's own, on this machine. ``CPU`` is what
the API's process has used, whatever else the machine had to do.
"""

import contextlib
import functools
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from karbor_copy import concurrency  # noqa: E402

concurrency.use_native_threads()

import load  # noqa: E402
import slow_worker  # noqa: E402
import table  # noqa: E402
import usage  # noqa: E402
import web  # noqa: E402

from karbor_copy.client.v1 import waits  # noqa: E402
from karbor_copy.db import engine  # noqa: E402
from tests.fixtures import database  # noqa: E402
from tests.fixtures import processes  # noqa: E402
from tests.fixtures import rows  # noqa: E402
from tests.fixtures import standalone  # noqa: E402
from tools.servers import kinds  # noqa: E402
from tools.servers import rabbitmq  # noqa: E402
from tools.servers import server  # noqa: E402

ACTION = f"/v1/{rows.PROJECT}/providers/{rows.SOURCE}/checkpoints/action"
#: As many as the sample of gunicorn has threads.
CONNECTIONS = 8
#: Of A: short rounds, of which each has both, and many of them. A machine
#: with neighbours is not as fast in one second as in the next.
BOUT = 150
BOUTS = 28
#: Of B: in each state of the broker.
REQUESTS = 600
#: Of B and D.
ROUNDS = 7
#: Of B: requests that do not queue for the processor.
CALM = 2
UNCOPIED = 10_000
#: MiB that buffers may grow by, whatever the size.
FLAT = 8
#: Of D: checkpoints, objects of each, bytes of an object.
CHECKPOINTS = 72
OBJECTS = 64
CHUNK = 64 * 1024
WORKERS = 3
#: Seconds, the default: who looks again too late shows.
POLL_INTERVAL = 5
#: What is more than noise: p99 in units of p99 with the broker up.
NOISE = 1.5


def copies(count: int, uncopied: int = 1) -> list[bytes]:
    """Return requests to copy, each of a plan of its own."""
    made = []
    for _ in range(count):
        plan = rows.stored_plan()
        rows.checkpoints(plan, uncopied)
        body = {"copy": {"plan_id": plan.id, "parameters": {}}}
        made.append(load.post(ACTION, body))
    take_statistics()
    return made


def take_statistics() -> None:
    """Let PostgreSQL look at its tables, as autovacuum does each minute.

    Without it a new cluster reads all that a project has for each copy.
    """
    used = engine.get_engine()
    if used.dialect.name == "postgresql":
        with used.execution_options(
            isolation_level="AUTOCOMMIT"
        ).connect() as connection:
            connection.exec_driver_sql("ANALYZE")


@contextlib.contextmanager
def site(
    database_url: str | None = None, **arguments: Any
) -> Iterator[processes.Processes]:
    """Yield a site in a directory of its own; use its database here too."""
    with (
        tempfile.TemporaryDirectory(prefix="karbor-copy-bench-") as name,
        processes.site(
            pathlib.Path(name), database=database_url, **arguments
        ) as made,
    ):
        database.configure(url_of(made, database_url))
        yield made


def url_of(made: processes.Processes, database_url: str | None) -> str:
    return database_url or f"sqlite:///{made.path}/karbor_copy.sqlite"


@contextlib.contextmanager
def production() -> Iterator[tuple[processes.Processes, str, Any]]:
    """Yield a site around PostgreSQL and RabbitMQ, and these two."""
    with (
        server.running(kinds.ALL["postgresql"]) as postgresql,
        server.running(rabbitmq.RabbitMQ) as broker,
        site(postgresql.url, transport_url=broker.url) as made,
    ):
        yield made, postgresql.url, broker


def accept(scale: int) -> Iterator[table.Line]:
    """Compare accepted copies with one INSERT by the bare framework."""
    count = BOUT // scale
    found: dict[str, list[tuple[load.Answered, float]]] = {
        "POST copy": [],
        "bare pecan, INSERT": [],
    }
    with production() as (made, url, _):
        served = [
            web.serve(made, web.API, url),
            web.serve(made, web.BARE, url),
        ]
        for number in range(BOUTS + 1):
            requests = [
                copies(count),
                [load.post("/", {"copy": {}})] * count,
            ]
            bouts = list(zip(found, served, requests, strict=True))
            # Each goes first as often as the other.
            for what, target, sent in bouts[:: 1 if number % 2 else -1]:
                cpu = target.cpu_seconds
                done = load.send(target.port, sent, CONNECTIONS)
                cpu = (target.cpu_seconds - cpu) * 1000 / count
                if number:  # the first one warms up
                    found[what].append((done, cpu))
    for what, rounds in found.items():
        yield from accepted(what, rounds)
    copy, bare = found.values()
    yield table.Line(
        case="A",
        what="copies/s / bare POSTs/s",
        value=statistics.median(
            one.rate / other.rate
            for (one, _), (other, _) in zip(copy, bare, strict=True)
        ),
        unit="x",
        least=0.67,
    )


def accepted(
    what: str, rounds: list[tuple[load.Answered, float]]
) -> Iterator[table.Line]:
    """Yield the medians of the rounds."""
    values = {
        ("", "req/s"): [done.rate for done, _ in rounds],
        (", p50", "ms"): [done.percentile(50) for done, _ in rounds],
        (", p99", "ms"): [done.percentile(99) for done, _ in rounds],
        (", CPU a request", "ms"): [cpu for _, cpu in rounds],
    }
    for (detail, unit), samples in values.items():
        yield table.Line(
            case="A",
            what=what + detail,
            value=statistics.median(samples),
            unit=unit,
        )


def broken_broker(scale: int) -> Iterator[table.Line]:
    """Ask whether a broker that is away delays anybody."""
    count = REQUESTS // scale
    found: dict[str, list[load.Answered]] = {}
    with production() as (made, url, broker):
        api = web.serve(made, web.API, url)
        load.send(api.port, copies(count), CALM)
        states = {
            "up": lambda: None,
            "frozen": broker.freeze,
            "down": broker.kill,
        }
        for _ in range(ROUNDS):
            for name, enter in states.items():
                requests = copies(count)
                enter()
                done = load.send(api.port, requests, CALM)
                found.setdefault(name, []).append(done)
            broker.start()
            # The first cast finds the new broker.
            load.send(api.port, copies(CONNECTIONS), 1)
    p99 = {
        name: statistics.median(done.percentile(99) for done in rounds)
        for name, rounds in found.items()
    }
    for name, value in p99.items():
        yield table.Line(
            case="B",
            what=f"p99 of POST copy, broker {name}",
            value=value,
            unit="ms",
            target=None if name == "up" else NOISE * p99["up"],
        )


def large(scale: int) -> Iterator[table.Line]:
    """Accept a large plan on each database."""
    size = UNCOPIED // scale
    for name in ("postgresql", "mariadb"):
        with server.running(kinds.ALL[name]) as running:
            if name == "mariadb":
                with database.own_database(running.url) as url:
                    yield from accept_one(name, url, size)
            else:
                yield from accept_one(name, running.url, size)
    yield from accept_one("sqlite", None, size)


def accept_one(
    name: str, database_url: str | None, size: int
) -> Iterator[table.Line]:
    with site(database_url) as made:
        api = web.serve(made, web.API, url_of(made, database_url))
        load.send(api.port, copies(50, 10), 1)
        before = api.peak_mebibytes
        times = [
            load.send(api.port, copies(1, size), 1).times[0]
            for _ in range(ROUNDS)
        ]
        grown = api.peak_mebibytes - before
    yield table.Line(
        case="C",
        what=f"POST copy, {size} uncopied, {name}",
        value=statistics.median(times) / 1000,
        unit="s",
        target=1,
    )
    yield table.Line(
        case="C",
        what=f"peak memory before, {name}",
        value=before,
        unit="MiB",
    )
    yield table.Line(
        case="C",
        what=f"peak memory grows by, {name}",
        value=grown,
        unit="MiB",
        target=FLAT,
    )


def workers(scale: int) -> Iterator[table.Line]:
    """Compare workers that wait for a target far away."""
    count = CHECKPOINTS // scale
    found: dict[int, list[tuple[float, float]]] = {1: [], WORKERS: []}
    with production() as (made, _url, _broker):
        cut_small(made)
        client = made.client(made.api())
        for _ in range(3):
            for number, rounds in found.items():
                plan = protected(made, client, count)
                rounds.append(copied(made, client, plan, number))
    rates = {}
    for number, rounds in found.items():
        rates[number] = count / statistics.median(wall for wall, _ in rounds)
        yield table.Line(
            case="D",
            what=f"checkpoints copied, {number} worker(s)",
            value=rates[number],
            unit="1/s",
        )
        cpu = statistics.median(used for _, used in rounds)
        yield table.Line(
            case="D",
            what=f"CPU a checkpoint, {number} worker(s)",
            value=cpu / count * 1000,
            unit="ms",
        )
    yield table.Line(
        case="D",
        what="an object and connection, 1 worker",
        value=slow_worker.CONNECTIONS / rates[1] / OBJECTS * 1000,
        unit="ms",
        # Less, and the target is not as far away as it should be.
        least=slow_worker.LATENCY * 1000,
    )
    yield table.Line(
        case="D",
        what=f"{WORKERS} workers / 1",
        value=rates[WORKERS] / rates[1],
        unit="x",
        least=2.7,
    )


def cut_small(made: processes.Processes) -> None:
    """Let volumes be cut into small objects."""
    for path in (made.path / "providers.d").iterdir():
        with path.open("a") as file:
            file.write(f"chunk_size = {CHUNK}\n")


def protected(made: processes.Processes, client: Any, count: int) -> str:
    """Protect a volume so many times; return the plan's id."""
    volume = made.volume(b"\1" * (OBJECTS * CHUNK))
    resource = {"type": standalone.VOLUME, "id": volume, "name": "disk"}
    plan = client.plans.create("bench", rows.SOURCE, [resource])
    worker = made.protection("near")
    for _ in range(count):
        client.checkpoints.create(rows.SOURCE, plan["id"])
    for one in client.checkpoints.list(rows.SOURCE):
        waits.for_checkpoint(client, rows.SOURCE, one["id"])
    worker.stop()
    return str(plan["id"])


def copied(
    made: processes.Processes, client: Any, plan_id: str, number: int
) -> tuple[float, float]:
    """Return how many seconds so many workers take, wall and CPU."""
    arguments = made.arguments(
        "far", workers=number, poll_interval=POLL_INTERVAL
    )
    worker = made.fork(functools.partial(slow_worker.main, arguments))
    standalone.wait(
        lambda: worker.log.count("Protection service started") == number
    )
    pids = processes.children(worker.process.pid)

    def used() -> float:
        return sum(usage.cpu_seconds(pid) for pid in pids)

    cpu, begin = used(), time.perf_counter()
    client.copies.create(rows.SOURCE, plan_id)
    # The list, since showing a copy shows all of its checkpoints.
    while next(iter(client.copies.list()))["status"] != "finished":
        time.sleep(0.05)
    wall, cpu = time.perf_counter() - begin, used() - cpu
    worker.stop()
    return wall, cpu


CASES = {"A": accept, "B": broken_broker, "C": large, "D": workers}


def main() -> None:
    parser = table.parser(__doc__)
    parser.add_argument("--scale", type=int, default=1, help="divide sizes")
    options = parser.parse_args()
    table.show(
        {
            name: functools.partial(case, options.scale)
            for name, case in CASES.items()
        },
        options,
    )


if __name__ == "__main__":
    main()
