# SPDX-License-Identifier: Apache-2.0
"""The demo's banks: directories, or containers in object stores.

The object stores are real servers, one a region, which ``tools/servers`` of
a checkout of the source installs and runs.
"""

import contextlib
import importlib
import pathlib
import shutil
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import Protocol

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.cmd import state
from karbor_copy.providers import registry

KINDS: Final = ("file", "swift", "s3")
_SWIFT: Final = """\
[swift_bank_plugin]
bank_swift_object_container = karbor

[swift_client]
swift_auth_url = {url}/auth/v1.0
swift_auth_version = 1
swift_user = {account}:{user}
swift_key = {key}
"""
_S3: Final = """\
[s3_bank_plugin]
bank_s3_object_bucket = karbor

[s3_client]
s3_endpoint = {url}
s3_region_name = {region}
s3_access_key = {account}:{user}
s3_secret_key = {key}
"""
_OPTIONS: Final = {"swift": _SWIFT, "s3": _S3}


class NoServers(Exception):
    """The servers can't be run."""


class Banks(Protocol):
    """What the demo does with banks behind the service's back."""

    def size(self, region: str) -> int:
        """Return the bytes of all objects of a region."""

    def lose(self, region: str) -> str:
        """Destroy a region's bank; return what was done."""


class Directories:
    """Banks of the standalone's own."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path

    def size(self, region: str) -> int:
        """Return the bytes of all files of a region."""
        return tree_size(self._path / region)

    def lose(self, region: str) -> str:
        """Delete a region's directory."""
        shutil.rmtree(self._path / region)
        return f"{self._path / region} is deleted"


class Containers:
    """Banks in servers, which can be stopped."""

    def __init__(
        self, banks: Mapping[str, base.Bank], servers: Mapping[str, Any]
    ) -> None:
        self._banks = banks
        self._servers = servers

    def size(self, region: str) -> int:
        """Return the bytes of all objects of a region."""
        return sum(info.size for info in self._banks[region].list())

    def lose(self, region: str) -> str:
        """Kill a region's server, which is not started again."""
        self._servers[region].kill()
        return f"the server of {self._banks[region].location} is killed"


def tree_size(path: pathlib.Path) -> int:
    """Return the bytes of all files below a directory."""
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file())


@contextlib.contextmanager
def made(kind: str, path: pathlib.Path) -> Iterator[Banks]:
    """Make the banks of a state directory, and yield them.

    :raises NoServers: the servers can't be run
    """
    if kind == "file":
        yield Directories(path / "banks")
        return
    server, swift = _tools()
    kinds = {"region-one": swift.Swift, "region-two": swift.SwiftTwo}
    with contextlib.ExitStack() as stack:
        try:
            servers = {
                region: stack.enter_context(server.running(kinds[region]))
                for region in kinds
            }
        except server.ServerError as error:
            raise NoServers(str(error)) from error
        (path / "providers.d").mkdir()
        for region, running in servers.items():
            account, user, key = swift.USERS[0]
            options = _OPTIONS[kind].format(
                url=running.url,
                region=region,
                account=account,
                user=user,
                key=key,
            )
            state.write_provider(
                path, region, f"karbor-{kind}-bank-plugin", options
            )
        yield Containers(_set_up(path / "providers.d"), servers)


def _set_up(directory: pathlib.Path) -> dict[str, base.Bank]:
    """Make the containers; return the banks by region."""
    banks = {}
    for provider in registry.load(directory).list():
        bank = provider.make_bank()
        try:
            bank.set_up()
        except exceptions.BankError as error:
            raise NoServers(f"{bank.location}: {error}") from error
        banks[provider.region] = bank
    return banks


def _tools() -> tuple[Any, Any]:
    """Return the modules that run servers, from beside the package."""
    root = pathlib.Path(__file__).parents[2]
    if not (root / "tools" / "servers").is_dir():
        raise NoServers(
            "the servers of object stores are run by tools/servers, which "
            "only a checkout of the source has"
        )
    if str(root) not in sys.path:
        sys.path.append(str(root))
    return (
        importlib.import_module("tools.servers.server"),
        importlib.import_module("tools.servers.swift"),
    )
