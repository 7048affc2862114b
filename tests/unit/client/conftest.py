# SPDX-License-Identifier: Apache-2.0
"""An API that answers as written down, and what speaks to it."""

import io
import json
import logging
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy.client import shell as shell_module
from karbor_copy.client.v1 import client as v1_client
from tests.fakes import scripted_api

Run = Callable[..., Any]


@pytest.fixture
def api() -> Iterator[scripted_api.ScriptedApi]:
    with scripted_api.serving() as server:
        yield server


@pytest.fixture
def client(api: scripted_api.ScriptedApi) -> v1_client.Client:
    return v1_client.connect(api.url, project="demo", user="alice")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Make pauses pass at once; the list holds them."""
    pauses: list[float] = []
    begin = time.monotonic()
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(time, "monotonic", lambda: begin + sum(pauses))
    return pauses


@pytest.fixture
def shell(api: scripted_api.ScriptedApi) -> Iterator[Run]:
    """Run a command; return its exit code and what it wrote."""
    handlers = list(logging.getLogger().handlers)
    level = logging.getLogger().level

    def run(*argv: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        app = shell_module.Shell(
            environment={"KARBOR_COPY_URL": api.url}, stdout=out, stderr=err
        )
        code = app.run(list(argv))
        return code, out.getvalue(), err.getvalue()

    yield run
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
def show(shell: Run) -> Run:
    """Run a command that is to succeed and return its result."""

    def run(*argv: str) -> Any:
        code, out, err = shell(*argv, "-f", "json")
        assert code == 0, err
        return json.loads(out)

    return run
