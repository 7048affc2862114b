# SPDX-License-Identifier: Apache-2.0
"""A running deployment for each test, and the client of Karbor."""

import fcntl
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.fixtures import deployment
from tests.fixtures import garbage

RELEASE = "2.1.0"
#: It imports pkg_resources, which setuptools 81 no longer has.
REQUIREMENTS = (f"python-karborclient=={RELEASE}", "setuptools<81")
INSTALL_TIMEOUT = 600


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[deployment.Deployment]:
    with deployment.deployed(tmp_path) as running:
        yield running


@pytest.fixture
def left_sockets() -> Iterator[None]:
    """Collect the sockets that clients of others leave open."""
    yield
    garbage.collect()


@pytest.fixture(scope="session")
def karborclient(pytestconfig: pytest.Config) -> pathlib.Path:
    """Return the command of Karbor's own client, unmodified.

    It lives in an environment of its own in pytest's cache, installed by
    whoever comes first.
    """
    version = "{}.{}".format(*sys.version_info)
    directory = pytestconfig.cache.mkdir(f"karborclient-{RELEASE}-py{version}")
    made = directory / "made"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _install(directory / "env")
            made.touch()
    return directory / "env" / "bin" / "karbor"


def _install(directory: pathlib.Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(directory)],
        check=True,
        timeout=INSTALL_TIMEOUT,
    )
    done = subprocess.run(
        [directory / "bin" / "pip", "install", "--quiet", *REQUIREMENTS],
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT,
        check=False,
    )
    if done.returncode:
        reason = f"pip can't install the client: {done.stderr[-500:]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
