# SPDX-License-Identifier: Apache-2.0
"""Whatever a back-end fails with, users are not told what is behind it."""

import contextlib
import errno
import json
import os
import pathlib
import random
import shutil
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import s3
from karbor_copy.banks import swift
from tests.fakes import fault_proxy
from tests.fixtures import deployment
from tests.fixtures import disks
from tests.fixtures import object_stores
from tests.fixtures import servers
from tests.fixtures.deployment import ONE
from tests.fixtures.deployment import TWO
from tools.servers import swift as swift_server

#: In the name of all that a user has no business with.
CANARY = "canary"
MIB = 1024 * 1024
Outage = Callable[[], contextlib.AbstractContextManager[object]]


class Site:
    """A deployment with a plan, and what its owner gets to see of it."""

    def __init__(
        self, deployed: deployment.Deployment, size: int = 100_000
    ) -> None:
        self.site = deployed
        self.plan_id = deployed.plan([deployed.volume(random.randbytes(size))])
        self.checkpoint_id = deployed.protect(self.plan_id)
        (member,) = deployed.copy(self.plan_id)["checkpoint_copies"]
        self.copy_id = member["checkpoint_copy_id"]
        # One more, which is to be copied while nothing works.
        deployed.protect(self.plan_id)

    def use_all(self) -> None:
        """Ask for everything, and wait until each has come to a reason."""
        site = self.site
        copy = site.copy(self.plan_id)
        body = {"checkpoint": {"plan_id": self.plan_id}}
        site.post(f"providers/{ONE}/checkpoints", body)
        used = {"provider_id": TWO, "checkpoint_id": self.copy_id}
        for noun in ("restore", "verification"):
            site.post(f"{noun}s", {noun: {**used, "parameters": {}}})
        self.wait_for_reasons()
        site.act(copy["id"], "retry")
        self.wait_for_reasons()
        site.api.delete(
            site.url(f"providers/{TWO}/checkpoints/{self.copy_id}")
        )
        self.wait_for_reasons()

    def wait_for_reasons(self) -> None:
        """Wait until every operation has ended, or says why not."""

        def told() -> bool:
            return all(
                log["ended_at"] or log["error_info"]
                for log in self.site.get("operation_logs")
            )

        deployment.wait(told, lambda: self.site.get("operation_logs"))

    def failures(self) -> list[str]:
        logs = self.site.get("operation_logs")
        return [log["error_info"] for log in logs if log["error_info"]]

    def seen(self) -> str:
        """Return every answer that the owner can get, as one text."""
        site = self.site
        paths = [
            "plans",
            "copies",
            "restores",
            "verifications",
            "operation_logs",
            "providers",
            "protectables/OS::Cinder::Volume/instances",
            *(f"providers/{id_}" for id_ in (ONE, TWO)),
            *(f"providers/{id_}/checkpoints" for id_ in (ONE, TWO)),
        ]
        answers: list[Any] = []
        for path in paths:
            answer = site.api.get(site.url(path), status="*")
            answers.append(answer.text)
            (found,) = list(answer.json.values())[:1]
            if answer.status_int == 200 and isinstance(found, list):
                answers += [
                    site.api.get(
                        site.url(f"{path}/{item['id']}"), status="*"
                    ).text
                    for item in found
                    if "id" in item
                ]
        return json.dumps(answers)

    def check(self, *canaries: str) -> None:
        """Look for what nobody is to see, where something is seen."""
        reasons = self.failures()
        assert len(reasons) >= 4, reasons
        seen = self.seen()
        for text in (CANARY, str(self.site.path), *canaries):
            assert text not in seen, [text, reasons]


# File systems.


def gone(path: pathlib.Path) -> Outage:
    """Let a bank's directory be away."""

    @contextlib.contextmanager
    def outage() -> Iterator[None]:
        away = path.with_name("away")
        shutil.move(path, away)
        yield
        shutil.rmtree(path, ignore_errors=True)
        shutil.move(away, path)

    return outage


def replaced(path: pathlib.Path) -> Outage:
    """Let a file be where a bank's directory was."""

    @contextlib.contextmanager
    def outage() -> Iterator[None]:
        with gone(path)():
            path.write_text("no directory")
            yield
            path.unlink()

    return outage


FILES: dict[str, Callable[[deployment.Deployment], list[Outage]]] = {
    "away": lambda site: [gone(site.bank(id_)) for id_ in (ONE, TWO)],
    "no directory": lambda site: [
        replaced(site.bank(id_)) for id_ in (ONE, TWO)
    ],
    "volumes too": lambda site: [
        gone(site.volumes),
        *(gone(site.bank(id_)) for id_ in (ONE, TWO)),
    ],
}


@pytest.mark.parametrize("name", FILES)
def test_a_directory(tmp_path: pathlib.Path, name: str) -> None:
    path = tmp_path / CANARY
    path.mkdir()
    with deployment.deployed(path, retry_timeout=0.0) as deployed:
        site = Site(deployed)
        with contextlib.ExitStack() as stack:
            for outage in FILES[name](deployed):
                stack.enter_context(outage())
            site.use_all()
            site.check()


@pytest.mark.parametrize("size", [0, 4 * MIB], ids=["read-only", "full"])
def test_a_disk(tmp_path: pathlib.Path, size: int) -> None:
    path = tmp_path / CANARY
    path.mkdir()
    with deployment.deployed(path, retry_timeout=0.0) as deployed:
        site = Site(deployed, 6 * MIB)
        with contextlib.ExitStack() as stack:
            for id_ in (ONE, TWO):
                root = deployed.bank(id_).parent
                if size:
                    stack.enter_context(disks.small(root, size))
                    root.joinpath("karbor").mkdir()
                    root.joinpath(".karbor.tmp").mkdir()
                else:
                    stack.enter_context(disks.read_only(root))
            site.use_all()
            site.check()


def test_errors_that_no_driver_foresaw(tmp_path: pathlib.Path) -> None:
    def before(call: str, key: str) -> None:
        raise OSError(
            errno.EIO, os.strerror(errno.EIO), f"/srv/{CANARY}/{key}"
        )

    with deployment.deployed(tmp_path, retry_timeout=0.0) as deployed:
        site = Site(deployed)
        for id_ in (ONE, TWO):
            deployed.scripts[id_].before = before
        site.use_all()
        for id_ in (ONE, TWO):
            deployed.scripts[id_].reset()
        site.check("/srv")


@pytest.mark.parametrize(
    "error",
    [
        exceptions.InvalidBank(name="x", reason=f"no /srv/{CANARY}"),
        exceptions.InvalidOption(option="x", reason=f"no /srv/{CANARY}"),
        exceptions.ProviderConfigError(path=f"/srv/{CANARY}", reason="x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_provider_that_is_not_set_up(
    tmp_path: pathlib.Path,
    error: exceptions.SetupError,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def before(call: str, key: str) -> None:
        raise error

    with deployment.deployed(tmp_path, retry_timeout=0.0) as deployed:
        site = Site(deployed)
        for id_ in (ONE, TWO):
            deployed.scripts[id_].before = before
        site.use_all()
        for id_ in (ONE, TWO):
            deployed.scripts[id_].reset()
        site.check("/srv")
    # Who runs the service is told.
    assert f"/srv/{CANARY}" in caplog.text


# Object stores.


def answered(status: int, code: str = "") -> fault_proxy.Fault:
    """Answer everything so, with what a server tells of itself."""
    body = (
        f"<Error><Code>{code or CANARY}</Code><Message>bucket {CANARY} at"
        f" https://{CANARY}.example.com/</Message></Error>"
    )
    headers = (
        ("Location", f"https://{CANARY}.example.com/"),
        ("X-Trans-Id", CANARY),
        ("Content-Type", "application/xml"),
    )
    return fault_proxy.Fault(
        times=fault_proxy.FOREVER,
        answer=fault_proxy.Answer(status, headers, body.encode()),
    )


STORES = {
    "bad request": answered(400),
    "unauthorized": answered(401, "InvalidAccessKeyId"),
    "forbidden": answered(403, "AccessDenied"),
    "not found": answered(404, "NoSuchBucket"),
    "elsewhere": answered(301, "PermanentRedirect"),
    "of no code": answered(418),
    "broken": answered(500, "InternalError"),
    "busy": answered(503, "SlowDown"),
    "full": answered(507),
    "reset": fault_proxy.Fault(times=fault_proxy.FOREVER, request_reset=0),
    "no body": fault_proxy.Fault(times=fault_proxy.FOREVER, truncate=0),
}


def bank_of(kind: str, url: str) -> deployment.BankOf:
    """Describe banks of a kind whose container bears the canary."""
    container = f"{CANARY}-{random.randbytes(8).hex()}"

    def described(path: pathlib.Path, region: str) -> tuple[str, str]:
        name = f"{container}-{region}"
        if kind == "swift":
            options = object_stores.swift_options(
                url, bank_swift_object_container=name
            )
            return "karbor-swift-bank-plugin", object_stores.groups(
                swift.SwiftBank, options
            )
        options = object_stores.s3_options(url, bank_s3_object_bucket=name)
        return "karbor-s3-bank-plugin", object_stores.groups(
            s3.S3Bank, options
        )

    return described


@pytest.fixture(params=["swift", "s3"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


#: Of the server's: its address, and who is known there.
SERVERS = ("127.0.0.1", "AUTH_", ":".join(swift_server.USERS[0][:2]))


def test_an_object_store(tmp_path: pathlib.Path, kind: str) -> None:
    url = servers.shared_url("swift")
    with (
        fault_proxy.proxying(url) as proxy,
        deployment.deployed(
            tmp_path, bank_of=bank_of(kind, proxy.url), retry_timeout=0.0
        ) as deployed,
    ):
        for fault in STORES.values():
            site = Site(deployed)
            proxy.add(fault)
            site.use_all()
            proxy.faults.clear()
        assert len(site.failures()) >= 4 * len(STORES)
        site.check(*SERVERS)


def test_a_store_where_nobody_listens(
    tmp_path: pathlib.Path, kind: str
) -> None:
    url = servers.shared_url("swift")
    with contextlib.ExitStack() as listening:
        proxy = listening.enter_context(fault_proxy.proxying(url))
        with deployment.deployed(
            tmp_path, bank_of=bank_of(kind, proxy.url), retry_timeout=0.0
        ) as deployed:
            site = Site(deployed)
            # No connection that is still open serves any more.
            proxy.add(STORES["reset"])
            listening.close()
            site.use_all()
            site.check(*SERVERS)
