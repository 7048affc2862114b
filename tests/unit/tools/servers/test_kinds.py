# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import pytest

from tests.fakes import stub_server
from tools.servers import kinds


def test_what_is_not_installed_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent, stub = stub_server.AbsentServer, stub_server.StubServer
    monkeypatch.setattr(kinds, "ALL", {"one": absent, "two": stub})
    assert kinds.missing() == [absent]


def test_the_packages_that_are_missing_are_printed() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "tools.servers"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert printed.split() == [kind.package for kind in kinds.missing()]
