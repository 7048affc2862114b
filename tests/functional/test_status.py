# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-status as a process, beside the state of a standalone."""

import json
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from karbor_copy.cmd import manage
from karbor_copy.cmd import state as state_module
from karbor_copy.cmd import status as status_command
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import operation_logs
from tests.fixtures import database
from tests.fixtures import forked
from tests.fixtures import standalone

ONE, TWO = standalone.REGION_ONE, standalone.REGION_TWO
SUCCESS, WARNING, FAILURE = 0, 1, 2


@pytest.fixture
def state(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return the state of a standalone whose tables are up to date."""
    path = tmp_path / "state"
    state_module.prepare(path)
    config = ("--config-file", str(path / "karbor_copy.conf"))
    forked.run(manage.main, *config, "db", "sync", timeout=standalone.TIMEOUT)
    return path


def check(state: pathlib.Path) -> tuple[int, dict[str, tuple[int, str]]]:
    """Return the exit status, and of each check its result and details."""
    config = ("--config-file", str(state / "karbor_copy.conf"))
    words = (*config, "upgrade", "check", "--json")
    done = forked.run(status_command.main, *words, timeout=standalone.TIMEOUT)
    assert "Traceback" not in done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, {
        item["check"]: (item["result"], item["details"])
        for item in found["checks"]
    }


def broken(state: pathlib.Path) -> dict[str, tuple[int, str]]:
    """Return what is not well, which the exit status tells of."""
    code, found = check(state)
    bad = {name: item for name, item in found.items() if item[0] != SUCCESS}
    assert code == max(result for result, _ in bad.values())
    return bad


def test_all_is_well(state: pathlib.Path) -> None:
    code, found = check(state)
    assert code == SUCCESS
    assert list(found) == [
        *("Database schema", "Provider files", "Banks", "Operations")
    ]
    assert set(found.values()) == {(SUCCESS, None)}


def test_the_table_is_for_people(state: pathlib.Path) -> None:
    config = ("--config-file", str(state / "karbor_copy.conf"))
    words = (*config, "upgrade", "check")
    done = forked.run(status_command.main, *words, timeout=standalone.TIMEOUT)
    assert done.returncode == SUCCESS
    assert "| Check: Database schema" in done.stdout


def test_the_tables_are_of_another_version(state: pathlib.Path) -> None:
    for path in state.glob("karbor_copy.sqlite*"):
        path.unlink()
    bad = broken(state)
    assert set(bad) == {"Database schema", "Operations"}
    assert "karbor-copy-manage db sync" in bad["Database schema"][1]
    assert "no such table" in bad["Operations"][1]


def test_a_provider_file_is_broken(state: pathlib.Path) -> None:
    path = state / "providers.d" / "region-two.conf"
    path.write_text(path.read_text().replace(TWO, "no-uuid"))
    ((name, (result, details)),) = broken(state).items()
    assert (name, result) == ("Provider files", FAILURE)
    assert "'no-uuid' is no UUID" in details
    assert f"no enabled provider has the id {TWO}" in details


def test_work_for_a_provider_that_is_gone(state: pathlib.Path) -> None:
    database.configure(f"sqlite:///{state}/karbor_copy.sqlite")
    for provider_id in (ONE, "gone"):
        log = operation_logs.new_log(
            status.OperationType.CLEANUP,
            project_id="p",
            target_provider_id=provider_id,
        )
        engine.writer(operation_logs.enqueue)([log])
    engine.dispose()
    ((name, (result, details)),) = broken(state).items()
    assert (name, result) == ("Operations", WARNING)
    assert details.endswith(": gone")


def test_the_environment_names_the_files(
    state: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What looks at the files before a reload has to look at the same."""
    path = state / "karbor_copy.conf"
    monkeypatch.setenv("KARBOR_COPY_CONFIG_FILES", str(path))
    done = subprocess.run(
        [sys.executable, "-m", status_command.__name__, "upgrade", "check"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == SUCCESS, done.stdout


def test_a_line_that_can_not_be_parsed_is_not_told(
    state: pathlib.Path,
) -> None:
    path = state / "karbor_copy.conf"
    path.write_text("[database]\n  postgresql://u:c4n4ry@h/d\n")
    words = ("--config-file", str(path), "upgrade", "check")
    done = forked.run(status_command.main, *words, timeout=standalone.TIMEOUT)
    assert done.returncode == 255
    assert done.stderr.startswith(f"karbor-copy-status: {path}:2: ")
    assert "c4n4ry" not in done.stdout + done.stderr
