# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: native threads, loopback only, one seed."""

import contextlib
import functools
import ipaddress
import os
import random
import secrets
import socket
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from karbor_copy import concurrency
from tests.fixtures import servers
from tools.servers import rabbitmq

concurrency.use_native_threads()  # before a test module can choose eventlet

SEED_VARIABLE = "KARBOR_COPY_TEST_SEED"

hypothesis.settings.register_profile(
    "dev", deadline=None, print_blob=True, max_examples=50
)
hypothesis.settings.register_profile(
    "ci", parent=hypothesis.settings.get_profile("dev"), derandomize=True
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


class NotLoopbackError(RuntimeError):
    """A test tried to leave this machine.

    No OSError, so that nothing takes it for a network that is down.
    """


def check_address(address: Any) -> None:
    """Refuse an internet address that is not this machine's loopback.

    :raises NotLoopbackError: for any other address or name.
    """
    if not isinstance(address, tuple):  # AF_UNIX: a path
        return
    host = address[0]
    if host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise NotLoopbackError(f"tests stay on loopback, not {host!r}")


def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a socket method whose last argument is an address."""

    @functools.wraps(method)
    def call(self: socket.socket, *args: Any) -> Any:
        check_address(args[-1])
        return method(self, *args)

    return call


def pytest_configure(config: pytest.Config) -> None:
    # The workers of pytest-xdist inherit the environment, so one seed serves.
    os.environ.setdefault(SEED_VARIABLE, str(secrets.randbelow(2**32)))
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
    sharing = contextlib.ExitStack()
    config.add_cleanup(sharing.close)
    sharing.enter_context(servers.sharing())


def pytest_xdist_auto_num_workers() -> int:
    """Run twice as many tests as there are cores: many of them wait."""
    return 2 * len(os.sched_getaffinity(0))


def pytest_report_header(config: pytest.Config) -> list[str]:
    profile = hypothesis.settings.get_current_profile_name()
    return [
        f"seed: {SEED_VARIABLE}={os.environ[SEED_VARIABLE]}, "
        f"hypothesis: {profile}",
        servers.header(),
    ]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> None:
    # What ran below one test, in numbers.
    for report in terminalreporter.getreports("passed"):
        for name, counts in report.user_properties:
            if name in ("schemathesis", "tempest"):
                told = ", ".join(f"{n} {word}" for word, n in counts.items())
                terminalreporter.write_line(f"{name}: {told.lower()}")


@pytest.fixture(autouse=True)
def seed() -> int:
    """Seed the global generator; the header of the run shows the seed."""
    value = int(os.environ[SEED_VARIABLE])
    random.seed(value)
    return value


@pytest.fixture(scope="module")
def broker() -> Iterator[rabbitmq.RabbitMQ]:
    """Run RabbitMQ for a module, whose tests may do with it what they want.

    Each leaves it serving.
    """
    with servers.own(rabbitmq.RabbitMQ) as running:
        yield running
