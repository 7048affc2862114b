# SPDX-License-Identifier: Apache-2.0
"""APIs, workers, a database and a broker, all of which can be made to suffer.

Two API processes and three hosts of workers; the database and the broker are
servers of their own. What the oracle reads it reads past the product.
"""

import contextlib
import hashlib
import pathlib
import random
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from karbor_copy.cmd import state
from tests.chaos import oracle as oracle_module
from tests.chaos import rest
from tests.fixtures import database
from tests.fixtures import processes
from tests.fixtures import servers
from tests.fixtures import standalone
from tools.servers import kinds
from tools.servers import rabbitmq
from tools.servers import server

LEASE = 4.0
CHUNK_SIZE = 64 * 1024
#: Ten chunks.
VOLUME_SIZE = 640 * 1024
TRANSFER_THREADS = 2
HOSTS = ("host-1", "host-2", "host-3")
#: Seconds that a request is tried again while something is down.
PATIENCE = 90.0

_OPTIONS: dict[str, dict[str, Any]] = {
    "protection": {
        "lease": LEASE,
        "heartbeat_interval": 0.5,
        "poll_interval": 0.5,
        "report_interval": 1,
        "catalog_sync_interval": 5,
        "graceful_shutdown_timeout": 2,
        "shutdown_timeout": 3,
        # What is to be seen is that it finishes, whatever dies.
        "max_attempts": 1000,
    },
    "copy_engine": {
        "transfer_threads": TRANSFER_THREADS,
        "bank_retry_timeout": 5,
    },
    "oslo_messaging_notifications": {"driver": "messagingv2"},
    "oslo_messaging_rabbit": {"heartbeat_timeout_threshold": 10},
}


class Cluster:
    """Runs all of it on one machine."""

    def __init__(
        self,
        path: pathlib.Path,
        *,
        database_server: server.Server,
        database_url: str,
        broker: rabbitmq.RabbitMQ,
        seed: int,
        pause: float,
    ) -> None:
        """Take the seconds that each put of data takes longer."""
        self.database = database_server
        self.broker = broker
        self.random = random.Random(seed)
        self.originals: dict[str, dict[str, str]] = {}
        self.plans: dict[str, str] = {}
        self._engine = sa.create_engine(database_url, pool_pre_ping=True)
        self._site = processes.Processes(
            path,
            database=database_url,
            transport_url=broker.url,
            options=_OPTIONS,
        )
        self.path = self._site.path
        self.journal = self.path / "journal"
        self._pause = pause
        for region in ("region-one", "region-two"):
            file = self.path / "providers.d" / f"{region}.conf"
            file.write_text(f"{file.read_text()}chunk_size = {CHUNK_SIZE}\n")
        self.apis: list[processes.Running] = []
        self.managers: dict[str, processes.Running] = {}

    def start(self) -> None:
        """Start whatever does not run."""
        self.database.start()
        self.broker.start()
        self.apis = [each for each in self.apis if _runs(each)]
        while len(self.apis) < 2:
            self.apis.append(self._site.api())
        for host in HOSTS:
            if host not in self.managers or not _runs(self.managers[host]):
                self.managers[host] = self._site.protection(
                    host, pause=self._pause, journal=self.journal
                )

    def close(self) -> None:
        """End it all."""
        self._site.close()
        self._engine.dispose()

    def worker_pids(self) -> list[int]:
        """Return the worker processes, which hold the leases."""
        return [
            pid
            for manager in self.managers.values()
            for pid in processes.children(manager.process.pid)
        ]

    # What users do.

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask any API, again while the answer is that something is away."""
        return self._patiently(
            lambda: rest.call(
                self.random.choice(self.apis).url, method, path, body
            )
        )

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return ask()
            except (OSError, exc.DBAPIError) as error:
                code = getattr(error, "code", None)
                if isinstance(code, int) and code != 503:
                    raise
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def make_plan(self) -> str:
        """Make a plan of one new volume; return its id."""
        data = self.random.randbytes(VOLUME_SIZE)
        volume_id = standalone.make_volume(
            self.path, data, "disk", project=rest.PROJECT
        )
        plan = {
            "name": "chaos",
            "provider_id": state.REGION_ONE,
            "resources": [
                {"id": volume_id, "type": standalone.VOLUME, "name": "disk"}
            ],
            "parameters": {},
        }
        plan_id = str(self.call("POST", "plans", {"plan": plan})["plan"]["id"])
        self.plans[plan_id] = volume_id
        return plan_id

    def protect(self, plan_id: str) -> str:
        """Change a plan's volume a little and ask for a checkpoint."""
        volume_id = self.plans[plan_id]
        path = self.path / "volumes" / f"volume-{volume_id}"
        with path.open("r+b") as file:
            file.seek(self.random.randrange(VOLUME_SIZE - 64))
            file.write(self.random.randbytes(64))
        answer = self.call(
            "POST",
            f"providers/{state.REGION_ONE}/checkpoints",
            {"checkpoint": {"plan_id": plan_id}},
        )
        checkpoint_id = str(answer["checkpoint"]["id"])
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.originals[checkpoint_id] = {volume_id: digest}
        return checkpoint_id

    def copy(self, plan_id: str) -> str:
        """Ask for a copy of all that is uncopied."""
        answer = self.call(
            "POST",
            f"providers/{state.REGION_ONE}/checkpoints/action",
            {"copy": {"plan_id": plan_id, "parameters": {}}},
        )
        return str(answer["copy"]["id"])

    # What the oracle sees.

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return all rows of a table, as soon as the database is there."""
        return self.query(f"SELECT * FROM {table}")  # noqa: S608 - ours

    def query(self, text: str, **values: Any) -> list[dict[str, Any]]:
        """Return what a query finds, as soon as the database is there."""

        def ask() -> list[dict[str, Any]]:
            with self._engine.connect() as connection:
                return [
                    dict(row)
                    for row in connection.execute(
                        sa.text(text), values
                    ).mappings()
                ]

        found: list[dict[str, Any]] = self._patiently(ask)
        return found

    def oracle(self) -> oracle_module.Oracle:
        """Return what judges this cluster."""
        return oracle_module.Oracle(self.path, self.originals, self.rows)

    def open_work(self) -> list[dict[str, Any]]:
        """Return the operations that are to be done now or soon."""
        soon = int((time.time() + 2 * LEASE) * 1000)
        return self.query(
            "SELECT id, operation_type, state, attempts, error_info"
            " FROM operation_logs WHERE state != 'settled' AND due_at < :soon",
            soon=soon,
        )

    def settle(self) -> None:
        """Wait until all is done.

        :raises AssertionError: nothing has been done for two leases.
        """
        left = len(self.open_work())
        since = time.monotonic()
        while found := self.open_work():
            if len(found) < left:
                left, since = len(found), time.monotonic()
            stuck = time.monotonic() - since > 2 * LEASE + 10
            assert not stuck, f"stuck: {found[:3]} of {left}"
            time.sleep(0.2)

    def make_due(self) -> None:
        """Let the late sweeps be due now."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.text(
                    "UPDATE operation_logs SET due_at = 1 WHERE"
                    " state != 'settled' AND operation_type = 'cleanup'"
                )
            )

    def sent_again(self) -> list[str]:
        """Return the keys of data that was sent more than once, each time."""
        seen: set[str] = set()
        again = []
        for line in self.journal.read_text().splitlines():
            key = line.partition(" ")[2]
            if key in seen:
                again.append(key)
            seen.add(key)
        return again


def _runs(running: processes.Running) -> bool:
    return running.process.poll() is None


@contextlib.contextmanager
def running(
    path: pathlib.Path, kind: str, *, seed: int, pause: float
) -> Iterator[Cluster]:
    """Run a cluster on a database server of this kind."""
    with (
        servers.own(kinds.ALL[kind]) as database_server,
        servers.own(rabbitmq.RabbitMQ) as broker,
        database.own_database(database_server.url) as url,
    ):
        cluster = Cluster(
            path,
            database_server=database_server,
            database_url=url,
            broker=broker,
            seed=seed,
            pause=pause,
        )
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.close()
            database_server.thaw()
            database_server.start()
