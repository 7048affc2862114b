# SPDX-License-Identifier: Apache-2.0
"""A whole deployment in a directory, whose processes come and go."""

import contextlib
import hashlib
import json
import pathlib
import random
import signal
import sqlite3
import time
import uuid
from types import TracebackType
from typing import Any
from typing import Self

from karbor_copy.cmd import state
from tests.chaos import child as child_module
from tests.chaos import rest
from tests.chaos import worker

LEASE = 2.0
TRANSFER_THREADS = 4
CHUNK_SIZE = 64 * 1024
VOLUME = "OS::Cinder::Volume"

_CONFIG = """\
[DEFAULT]
state_path = {path}
host = chaos

[database]
connection = sqlite:///{path}/karbor_copy.sqlite

[protection]
lease = {lease}
heartbeat_interval = 0.2
poll_interval = 0.2
report_interval = {interval}
catalog_sync_interval = {interval}
graceful_shutdown_timeout = 0
shutdown_timeout = 3
max_attempts = {max_attempts}

[copy_engine]
transfer_threads = {threads}
bank_retry_timeout = 5
"""


class Site:
    """State directory, volumes, and what the API is asked to do."""

    def __init__(
        self,
        path: pathlib.Path,
        *,
        seed: int = 0,
        max_attempts: int = 1000,
        interval: int = 1,
    ) -> None:
        """Take the seconds between two reports, and two reconciles."""
        self.path = path
        self.random = random.Random(seed)
        self.children: list[child_module.Child] = []
        self.plan_id = ""
        self.volumes: list[str] = []
        #: Checkpoint id -> volume id -> SHA-256 of what was protected.
        self.originals: dict[str, dict[str, str]] = {}
        path.mkdir(parents=True, exist_ok=True)
        state.prepare(path)
        (path / "karbor_copy.conf").write_text(
            _CONFIG.format(
                path=path,
                lease=LEASE,
                threads=TRANSFER_THREADS,
                max_attempts=max_attempts,
                interval=interval,
            )
        )
        for region in ("region-one", "region-two"):
            with (path / "providers.d" / f"{region}.conf").open("a") as file:
                file.write(f"chunk_size = {CHUNK_SIZE}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for child in self.children:
            child.kill()

    def start(
        self, plan: str | None = None, *, pause: float = 0, api: bool = True
    ) -> child_module.Child:
        """Start a process; it serves, or is dead, when this returns."""
        output = self.path / f"output-{len(self.children)}"
        output.unlink(missing_ok=True)
        child = child_module.Child(
            worker.Orders(
                state_path=self.path,
                plan=plan,
                pause=pause,
                api=api,
            ),
            output,
        )
        self.children.append(child)
        child.wait_until_up()
        code = child.exitcode
        assert code in (None, -signal.SIGKILL), self.log_tail()
        return child

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask the process that was started last and has an API."""
        url = next(c.url for c in reversed(self.children) if c.url)
        return rest.call(url, method, path, body)

    def make_volumes(self, count: int, size: int) -> None:
        """Write volumes and a plan of them."""
        for _ in range(count):
            volume_id = str(uuid.UUID(int=self.random.getrandbits(128)))
            path = self.path / "volumes" / f"volume-{volume_id}"
            path.with_name(path.name + ".json").write_text(
                json.dumps({"project_id": rest.PROJECT, "name": "v"})
            )
            path.write_bytes(self.random.randbytes(size))
            self.volumes.append(volume_id)
        plan = {
            "name": "chaos",
            "provider_id": state.REGION_ONE,
            "resources": [
                {"id": volume_id, "type": VOLUME, "name": "v"}
                for volume_id in self.volumes
            ],
            "parameters": {},
        }
        self.plan_id = self.call("POST", "plans", {"plan": plan})["plan"]["id"]

    def protect(self) -> str:
        """Change the volumes a little and ask for a checkpoint."""
        for volume_id in self.volumes:
            path = self.path / "volumes" / f"volume-{volume_id}"
            with path.open("r+b") as file:
                file.seek(self.random.randrange(path.stat().st_size - 64))
                file.write(self.random.randbytes(64))
        answer = self.call(
            "POST",
            f"providers/{state.REGION_ONE}/checkpoints",
            {"checkpoint": {"plan_id": self.plan_id}},
        )
        checkpoint_id: str = answer["checkpoint"]["id"]
        self.originals[checkpoint_id] = {
            volume_id: file_digest(
                self.path / "volumes" / f"volume-{volume_id}"
            )
            for volume_id in self.volumes
        }
        return checkpoint_id

    def copy(self) -> str:
        """Ask for a copy of all that is uncopied."""
        body = {"copy": {"plan_id": self.plan_id, "parameters": {}}}
        answer = self.call(
            "POST", f"providers/{state.REGION_ONE}/checkpoints/action", body
        )
        return str(answer["copy"]["id"])

    def cancel(self, copy_id: str) -> None:
        """Ask for the end of a copy request."""
        self.call("POST", f"copies/{copy_id}/action", {"cancel": None})

    def restore(self, checkpoint_id: str) -> str:
        """Ask for a restore from region two."""
        body = {
            "provider_id": state.REGION_TWO,
            "checkpoint_id": checkpoint_id,
            "parameters": {},
        }
        answer = self.call("POST", "restores", {"restore": body})
        return str(answer["restore"]["id"])

    def delete(self, checkpoint_id: str) -> None:
        """Ask for the end of a checkpoint in region two."""
        self.call(
            "DELETE",
            f"providers/{state.REGION_TWO}/checkpoints/{checkpoint_id}",
        )

    def reset(self, checkpoint_id: str, wanted: str) -> None:
        """Set the status of a checkpoint in region two."""
        self.call(
            "PUT",
            f"providers/{state.REGION_TWO}/checkpoints/{checkpoint_id}",
            {"os-resetState": {"state": wanted}},
        )

    def query(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read rows from the database."""
        with contextlib.closing(self._connect()) as connection:
            return connection.execute(text, values).fetchall()

    def copies(self) -> dict[str, str]:
        """Return the finished copies: source checkpoint id -> copy's."""
        rows = self.query(
            "SELECT checkpoint_id, checkpoint_copy_id FROM checkpoint_copies"
            " WHERE status = 'finished' AND copy_slot IS NOT NULL"
        )
        return dict(rows)

    def living(self) -> list[str]:
        """Return the copies that are shown as available."""
        rows = self.query(
            "SELECT id FROM checkpoints WHERE status = 'available'"
            " AND copied_from IS NOT NULL ORDER BY id"
        )
        return [checkpoint_id for (checkpoint_id,) in rows]

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path / "karbor_copy.sqlite", timeout=10)

    def expire_leases(self) -> None:
        """Spare a test the wait for the leases of a dead process."""
        with contextlib.closing(self._connect()) as connection, connection:
            connection.execute(
                "UPDATE operation_logs SET lease_until = 1"
                " WHERE lease_until IS NOT NULL"
            )

    def make_due(self) -> None:
        """Let the late sweeps be due now."""
        with contextlib.closing(self._connect()) as connection, connection:
            connection.execute(
                "UPDATE operation_logs SET due_at = 1"
                " WHERE state != 'settled' AND operation_type = 'cleanup'"
            )

    def open_work(self) -> list[tuple[Any, ...]]:
        """Return the operations that are to be done now or soon."""
        soon = int((time.time() + 2 * LEASE) * 1000)
        return self.query(
            "SELECT operation_type, state, attempts, lease_until, due_at, id"
            " FROM operation_logs WHERE state != 'settled'"
            " AND (due_at IS NULL OR due_at < ?)",
            soon,
        )

    def settle(self, timeout: float = 2 * LEASE + child_module.WORK) -> float:
        """Wait until all is done; return the seconds that it took.

        :raises AssertionError: something is stuck.
        """
        began = time.monotonic()
        while found := self.open_work():
            assert time.monotonic() - began < timeout, f"stuck: {found}"
            time.sleep(0.05)
        return time.monotonic() - began

    def wait_until_writing(self) -> None:
        """Wait until some object has arrived in region two.

        :raises AssertionError: none has.
        """
        deadline = time.monotonic() + child_module.WORK
        root = self.path / "banks/region-two/karbor/checkpoints"
        while not any(root.glob("*/resource-data/*/data_*")):
            assert time.monotonic() < deadline, "nothing is written"
            time.sleep(0.02)

    def wait_for_log(self, text: str) -> None:
        """Wait until the service has logged something.

        :raises AssertionError: it has not.
        """
        deadline = time.monotonic() + child_module.WORK
        while text not in (self.path / "service.log").read_text():
            assert time.monotonic() < deadline, f"never logged: {text}"
            time.sleep(0.02)

    def log_tail(self) -> str:
        """Return the end of the service's log."""
        text = (self.path / "service.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-40:])


def file_digest(path: pathlib.Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
