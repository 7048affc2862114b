# SPDX-License-Identifier: Apache-2.0
"""Who can write to the broker can wake the workers, and nothing else."""

import json
import pathlib
import pickle
import random
import uuid
from collections.abc import Iterator
from typing import Any

import kombu
import pytest
import requests
import sqlalchemy as sa

from tests.fixtures import database
from tests.fixtures import processes
from tests.fixtures import standalone
from tests.fixtures import traffic
from tools.servers import rabbitmq

# amqp closes no socket of a connection that it gives up.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket"),
    pytest.mark.usefixtures("left_sockets"),
]

JSON = "application/json"
TABLES = ("plans", "checkpoints", "copies", "checkpoint_copies")
TABLES += ("operation_logs", "restores", "verifications")


def envelope(**told: Any) -> bytes:
    """Return a message as oslo.messaging writes it."""
    message = {
        "method": "wake",
        "args": {"operation_type": "delete", "row_id": str(uuid.uuid4())},
        "version": "1.0",
        "_unique_id": uuid.uuid4().hex,
        "_context_request_id": "req-forged",
        **told,
    }
    return json.dumps(
        {"oslo.version": "2.0", "oslo.message": json.dumps(message)}
    ).encode()


def called(method: str, **args: Any) -> tuple[str, bytes]:
    return JSON, envelope(method=method, args=args)


def touching(path: pathlib.Path) -> bytes:
    """Return a pickle that makes a file when it is read."""
    return b"cposix\nsystem\n(V" + f"touch {path}".encode() + b"\ntR."


def forged(path: pathlib.Path, plan_id: str) -> dict[str, tuple[str, bytes]]:
    """Return content types and bodies of what no service would send."""
    log_id = str(uuid.uuid4())
    wake = {"operation_type": "delete", "row_id": plan_id}
    return {
        "the id of another's plan": called("wake", **wake),
        "an administrator": (
            JSON,
            envelope(
                args=wake,
                _context_is_admin=True,
                _context_project_id="0" * 32,
                _context_roles=["admin"],
            ),
        ),
        "no type": called("wake", operation_type=None, row_id=[{}]),
        "more": called("wake", **wake, project_id="x", force=True),
        "less": called("wake"),
        "another version": (JSON, envelope(version="9.9")),
        "no version": (JSON, envelope(version=None)),
        "another method": called("delete_checkpoint", id=plan_id),
        "a private method": called("_wake"),
        "what every object has": called("__init__", wake="os.system"),
        "an attribute of Python": called("__class__"),
        "another namespace": (JSON, envelope(namespace="baseapi")),
        "a call that wants an answer": (
            JSON,
            envelope(args=wake, _msg_id=log_id, _reply_q="stolen"),
        ),
        "lines for the log": called(
            "wake", operation_type="x\nERROR all is lost", row_id="y"
        ),
        "a giant": called("wake", operation_type="x", row_id="y" * 8_000_000),
        "depths": (JSON, b"[" * 500_000),
        "deep arguments": (
            JSON,
            b'{"oslo.version": "2.0", "oslo.message": "'
            + b"[" * 900
            + b"]" * 900
            + b'"}',
        ),
        "no envelope": (JSON, b'{"method": "wake"}'),
        "a future envelope": (JSON, b'{"oslo.version": "99.0"}'),
        "no JSON": (JSON, b"{"),
        "nothing": (JSON, b""),
        "a list": (JSON, b"[1, 2]"),
        "bytes": ("application/data", random.randbytes(1000)),
        "pickle": ("application/x-python-serialize", touching(path)),
        "pickle by another name": (JSON, touching(path)),
        "yaml": (
            "application/x-yaml",
            f"!!python/object/apply:os.system ['touch {path}']".encode(),
        ),
    }


@pytest.fixture
def site(
    tmp_path: pathlib.Path, broker: rabbitmq.RabbitMQ
) -> Iterator[processes.Processes]:
    with (
        database.own_database("postgresql") as url,
        processes.site(
            tmp_path,
            database=url,
            transport_url=broker.url,
            options={"DEFAULT": {"debug": True}},
        ) as running,
    ):
        running.database = url
        yield running


def rows(url: str) -> dict[str, list[Any]]:
    """Return all rows that are about work."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return {
            name: sorted(
                map(repr, connection.exec_driver_sql(f"SELECT * FROM {name}"))  # noqa: S608
            )
            for name in TABLES
        }


def send(url: str, content_type: str, body: bytes) -> None:
    """Publish a message to all who hear hints."""
    with kombu.Connection(url.replace("rabbit:", "amqp:")) as connection:
        connection.channel().basic_publish(
            connection.channel().prepare_message(
                body,
                content_type=content_type,
                content_encoding="utf-8",
            ),
            exchange=traffic.HINTS,
        )


def test_the_pickle_would_do_harm(tmp_path: pathlib.Path) -> None:
    pickle.loads(touching(tmp_path / "touched"))  # noqa: S301
    assert (tmp_path / "touched").exists()


def test_forged_messages_do_nothing(
    site: processes.Processes,
    broker: rabbitmq.RabbitMQ,
    tmp_path: pathlib.Path,
) -> None:
    api = site.api()
    # It looks for work by itself at its start and then no more.
    worker = site.protection(poll_interval=3600)
    traffic.Messages(broker.url)
    client = site.client(api)
    plan = site.protected(client)
    before = rows(site.database)
    pids = processes.children(worker.process.pid)
    touched = tmp_path / "touched"

    messages = forged(touched, plan["id"])
    for content_type, body in messages.values():
        send(broker.url, content_type, body)
    # The last one that it understands tells that it has come through.
    send(broker.url, *called("wake", operation_type="x", row_id="the-last"))
    standalone.wait(lambda: "Woken for x the-last" in worker.log)

    assert rows(site.database) == before
    assert not touched.exists()
    assert processes.children(worker.process.pid) == pids
    log = worker.log
    # They have come to it.
    for words in (
        "disabled content of type pickle",
        "disabled content of type yaml",
        "Woken for delete",
        "yyyyyyyy by",
    ):
        assert words in log
    assert "\nERROR all is lost" not in log
    assert "y" * 1000 not in log
    assert requests.get(f"{api.url}/healthcheck", timeout=60).ok
    member = site.copied(client, plan)
    assert member["status"] == "finished"
    assert worker.stop() == 0
