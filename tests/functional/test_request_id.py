# SPDX-License-Identifier: Apache-2.0
"""The id of a request stands in each log line of the work that it causes."""

import logging
import os
import pathlib
from collections.abc import Iterator

import pytest
from oslo_config import cfg
from oslo_log import formatters
from oslo_log import log as oslo_log

from karbor_copy import exceptions
from tests.fixtures import deployment
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO

#: The first part of the names of threads that work on operations.
WORKERS = {"operation", "resource", "transfer"}


class Lines(logging.Handler):
    """Keeps each line as oslo.log writes it, with its thread."""

    def __init__(self) -> None:
        super().__init__()
        conf = cfg.ConfigOpts()
        oslo_log.register_options(conf)
        conf([])
        self.setFormatter(formatters.ContextFormatter(config=conf))
        self.kept: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        thread = str(record.threadName).partition("_")[0]
        self.kept.append((thread, self.format(record)))

    def of_all_workers(self) -> list[tuple[str, str]]:
        """Return those of the workers, when each kind has said something.

        That it is done a worker says when others can see it already.
        """

        def told() -> list[tuple[str, str]]:
            return [kept for kept in self.kept if kept[0] in WORKERS]

        deployment.wait(lambda: {name for name, _ in told()} == WORKERS)
        return told()


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines()
    logger = logging.getLogger("karbor_copy")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    with deployment.deployed(tmp_path) as running:
        yield running


def ask(site: deployment.Deployment, path: str, body: object) -> str:
    """Send a request; return the id that it was given."""
    answer = site.api.post_json(site.url(path), body)
    return str(answer.headers["X-Openstack-Request-Id"])


def test_every_thread_logs_under_the_request(
    site: deployment.Deployment, lines: Lines
) -> None:
    log = logging.getLogger("karbor_copy.test")
    volumes = [site.volume(os.urandom(300_000)) for _ in range(3)]
    plan_id = site.plan(volumes)
    path = f"providers/{ONE}/checkpoints"
    protect = ask(site, path, {"checkpoint": {"plan_id": plan_id}})
    (checkpoint,) = site.get(path)
    site.wait_checkpoint(ONE, checkpoint["id"], "available")
    told = lines.of_all_workers()
    assert all(f" {protect} " in line for _, line in told)
    lines.kept.clear()
    failed: list[str] = []

    def before(call: str, key: str) -> None:
        log.info("%s of %s", call, key)
        if call == "put" and "data_" in key and not failed:
            failed.append(key)
            raise exceptions.BankUnavailable(reason="away for a moment")

    site.scripts[TWO].before = before
    copy = ask(site, f"{path}/action", {"copy": {"plan_id": plan_id}})
    (made,) = site.get("copies")
    assert site.wait_copy(made["id"])["status"] == "finished"
    told = lines.of_all_workers()
    assert [line for _, line in told if f" {copy} " not in line] == []
    text = "\n".join(line for _, line in told)
    assert "claimed" in text
    assert "trying again" in text
    assert "is available" in text
    assert copy != protect
