# SPDX-License-Identifier: Apache-2.0
"""Times the whole service, against a bare pecan POST where that says more.

P1 and P2 call the WSGI application itself, on a sqlite file, with nobody at
work behind it; P3 and P6 run a real standalone. Shown are medians.
"""

import contextlib
import datetime
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from karbor_copy import concurrency  # noqa: E402

concurrency.use_native_threads()

import bare  # noqa: E402
import sqlalchemy as sa  # noqa: E402
import table  # noqa: E402
import usage  # noqa: E402
import webob  # noqa: E402

from karbor_copy.api import app  # noqa: E402
from karbor_copy.client.v1 import waits  # noqa: E402
from karbor_copy.cmd import state  # noqa: E402
from karbor_copy.conf import CONF  # noqa: E402
from karbor_copy.db import engine  # noqa: E402
from karbor_copy.db import models  # noqa: E402
from karbor_copy.protection import service as protection  # noqa: E402
from karbor_copy.providers import registry  # noqa: E402
from karbor_copy.rpc import transport  # noqa: E402
from tests.fixtures import database  # noqa: E402
from tests.fixtures import rows  # noqa: E402
from tests.fixtures import standalone  # noqa: E402

UNCOPIED = {10: 31, 1_000: 7, 10_000: 3}
LISTED = (100, 10_000, 100_000)
PAGE = 50
LIST_ROUNDS = 31
CHECKPOINTS = 100
IDLE_SECONDS = 30


class NobodyWakes:
    """A client of the protection service that has none."""

    def wake(self, *_: object) -> None:
        pass


class Call:
    """Requests to a WSGI application, without a network."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, method: str, path: str, body: Any = None) -> float:
        """Return how many milliseconds the request took."""
        request = webob.Request.blank(
            path,
            method=method,
            environ={"REMOTE_ADDR": "127.0.0.1"},
            headers={"X-Auth-Token": f"bench:{rows.PROJECT}"},
        )
        if body is not None:
            request.body = json.dumps(body).encode()
            request.content_type = "application/json"
        begin = time.perf_counter()
        response = request.get_response(self._application)
        taken = (time.perf_counter() - begin) * 1000
        if response.status_int >= 300:
            raise SystemExit(f"{method} {path}: {response.text}")
        return taken


@contextlib.contextmanager
def site() -> Iterator[Call]:
    """Yield the API on a new database, as the standalone's providers."""
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name)
        state.prepare(path)
        CONF([], project="karbor_copy", default_config_files=[])
        with database.sqlite(path):
            known = registry.load(path / "providers.d")
            yield Call(app.make_app(CONF, known, NobodyWakes()))


def request_copy(call: Call, size: int) -> float:
    plan = rows.stored_plan()
    rows.checkpoints(plan, size)
    url = f"/v1/{rows.PROJECT}/providers/{rows.SOURCE}/checkpoints/action"
    return call("POST", url, {"copy": {"plan_id": plan.id, "parameters": {}}})


def post_copy() -> Iterator[table.Line]:
    with site() as call:
        floor_call = Call(bare.application())
        request_copy(call, 1)
        times: dict[int, list[float]] = {}
        floor: list[float] = []
        for size, rounds in UNCOPIED.items():
            for _ in range(rounds):
                floor += [
                    floor_call("POST", "/", {"copy": {}}) for _ in range(3)
                ]
                times.setdefault(size, []).append(request_copy(call, size))
    base = statistics.median(floor)
    yield table.Line(
        case="P1", what="bare pecan, INSERT", value=base, unit="ms"
    )
    limits = {10: 1.5 * base, 10_000: 1000.0}
    for size, found in times.items():
        yield table.Line(
            case="P1",
            what=f"POST copy, {size} uncopied",
            value=statistics.median(found),
            unit="ms",
            target=limits.get(size),
        )
    yield table.Line(
        case="P1",
        what="10 uncopied / bare",
        value=statistics.median(times[10]) / base,
        unit="x",
        target=1.5,
    )


def lists() -> Iterator[table.Line]:
    project = f"/v1/{rows.PROJECT}"
    paths = {
        "checkpoints": f"{project}/providers/{rows.SOURCE}/checkpoints",
        "copies": f"{project}/copies",
    }
    found: dict[str, list[float]] = {noun: [] for noun in paths}
    with site() as call:
        before = 0
        for size in LISTED:
            add(size - before)
            before = size
            for noun, path in paths.items():
                url = f"{path}?limit={PAGE}"
                taken = [call("GET", url) for _ in range(LIST_ROUNDS)]
                found[noun].append(statistics.median(taken))
    for noun, times in found.items():
        for size, value in zip(LISTED, times, strict=True):
            yield table.Line(
                case="P2",
                what=f"GET {noun}, {size} rows",
                value=value,
                unit="ms",
                target=None if size == LISTED[0] else 1.3 * times[0],
            )


def add(count: int) -> None:
    plan = rows.stored_plan()
    rows.checkpoints(plan, count)
    insert_copies(plan.id, count)


@engine.writer
def insert_copies(session: Any, plan_id: str, count: int) -> None:
    template = {
        "project_id": rows.PROJECT,
        "provider_id": rows.SOURCE,
        "target_provider_id": rows.TARGET,
        "plan_id": plan_id,
        "parameters": {},
        "status": "finished",
        "created_at": datetime.datetime.now(datetime.UTC),
    }
    session.execute(
        sa.insert(models.Copy),
        [{"id": rows.new_id(), **template} for _ in range(count)],
    )


def copy_all() -> Iterator[table.Line]:
    with (
        tempfile.TemporaryDirectory() as name,
        standalone.serving(pathlib.Path(name) / "state") as service,
    ):
        client = service.client()
        volume = service.volume(random.randbytes(1 << 20))
        plan = client.plans.create(
            "bench",
            standalone.REGION_ONE,
            [{"type": standalone.VOLUME, "id": volume, "name": "disk"}],
        )
        for _ in range(CHECKPOINTS):
            # Nothing that the target would have of another one.
            service.change(volume, random.randbytes(1 << 20))
            made = client.checkpoints.create(standalone.REGION_ONE, plan["id"])
            waits.for_checkpoint(client, standalone.REGION_ONE, made["id"])
        cpu, begin = (
            usage.cpu_seconds(service.process.pid),
            time.perf_counter(),
        )
        client.copies.create(standalone.REGION_ONE, plan["id"])
        posted = time.perf_counter() - begin
        # The list, since showing a copy shows all of its checkpoints.
        while next(iter(client.copies.list()))["status"] != "finished":
            time.sleep(0.1)
        wall = time.perf_counter() - begin
        cpu = usage.cpu_seconds(service.process.pid) - cpu
    yield table.Line(case="P3", what="POST answered", value=posted, unit="s")
    yield table.Line(
        case="P3", what="100 x 1 MiB copied", value=wall, unit="s", target=3
    )
    yield table.Line(
        case="P3",
        what="CPU a checkpoint",
        value=cpu / CHECKPOINTS * 1000,
        unit="ms",
        target=20,
    )


def idle() -> Iterator[table.Line]:
    with (
        tempfile.TemporaryDirectory() as name,
        standalone.serving(pathlib.Path(name) / "state") as service,
    ):
        time.sleep(5)  # the first reconcile
        pid = service.process.pid
        cpu = usage.cpu_seconds(pid)
        time.sleep(IDLE_SECONDS)
        cpu = usage.cpu_seconds(pid) - cpu
    yield table.Line(
        case="P6",
        what="idle standalone",
        value=cpu / IDLE_SECONDS * 100,
        unit="% CPU",
        target=0.5,
    )
    yield from idle_queries()


def idle_queries() -> Iterator[table.Line]:
    """Count the statements of a worker that has nothing to do."""
    counted: list[str] = []

    def count(*values: Any) -> None:
        counted.append(values[2])

    with site():
        sa.event.listen(engine.get_engine(), "before_cursor_execute", count)
        # The providers' banks are of no interest here.
        worker = protection.ProtectionService(
            CONF, registry.Registry({}), transport.get_transport(
                CONF, "fake://"
            ),
        )  # fmt: skip
        worker.start()
        time.sleep(5)
        counted.clear()
        time.sleep(IDLE_SECONDS)
        queries = [text for text in counted if not text.startswith("BEGIN")]
        worker.stop()
    yield table.Line(
        case="P6",
        what="idle worker",
        value=len(queries) / IDLE_SECONDS,
        unit="queries/s",
        target=1,
    )


# The peak of the memory is read from /proc: getrusage tells the parent's too.
IMPORT = """
import re, time
begin = time.perf_counter()
from karbor_copy import concurrency
concurrency.use_native_threads()
import karbor_copy.api.app
taken = time.perf_counter() - begin
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(taken, time.process_time(), int(peak[1]) / 1024)
"""


def imports() -> Iterator[table.Line]:
    taken = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", IMPORT],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        taken.append([float(value) for value in done.stdout.split()])
    names = [("wall", "s"), ("CPU", "s"), ("RSS", "MiB")]
    for (what, unit), values in zip(
        names, zip(*taken, strict=True), strict=True
    ):
        yield table.Line(
            case="import",
            what=f"the API, {what}",
            value=statistics.median(values),
            unit=unit,
        )


CASES: dict[str, table.Case] = {
    "P1": post_copy,
    "P2": lists,
    "P3": copy_all,
    "P6": idle,
    "import": imports,
}


def main() -> None:
    table.show(CASES, table.parser(__doc__).parse_args())


if __name__ == "__main__":
    main()
