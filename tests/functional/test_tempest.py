# SPDX-License-Identifier: Apache-2.0
"""Real tempest runs the plugin's tests, as an operator would run them."""

import configparser
import os
import pathlib
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

from tests.fixtures import keystone
from tests.fixtures import keystone_site
from tests.fixtures import standalone

PLUGIN = "karbor_copy_tempest_plugin"
ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent
#: Seconds; a run takes a fraction of it.
TIMEOUT = 240
#: For a machine that is quick, or stalled.
PATIENCE = {"build_interval": 0.2, "build_timeout": standalone.TIMEOUT}
COUNT = re.compile(r"^ - (Passed|Skipped|Failed): (\d+)$", re.M)

Command = Callable[..., str]


@pytest.fixture
def command(tmp_path: pathlib.Path) -> Command:
    """Return what runs a command of tempest's in a workspace."""

    def run(name: str, *words: str) -> str:
        done = subprocess.run(
            [BIN / name, *words],
            cwd=workspace,
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    workspace = tmp_path / "workspace"
    workspace.mkdir()
    run("tempest", "init")
    return run


def documented() -> configparser.ConfigParser:
    """Return what the documentation tells an operator to write."""
    text = (ROOT / "doc" / "source" / "install" / "tempest.rst").read_text()
    _, _, block = text.partition(".. code-block:: ini\n\n")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(textwrap.dedent(block.partition("\n#. ")[0]))
    return parser


def configuration(site: keystone_site.Site) -> configparser.ConfigParser:
    """Return the documented one, with what is other here."""
    parser = documented()
    here = {
        "auth": {"admin_password": keystone.PASSWORD},
        "identity": {"uri_v3": keystone.url()},
        "data_protection": {
            "region": site.region,
            "volumes_path": str(site.path / "volumes"),
            "bank_path": str(site.path / "banks" / "region-one"),
        },
    }
    for group, options in here.items():
        assert options.keys() <= parser[group].keys()
    parser.read_dict(here)
    parser.read_dict({"data_protection": PATIENCE})
    return parser


def written() -> int:
    """Return how many tests the plugin has."""
    return sum(
        path.read_text().count("@decorators.idempotent_id(")
        for path in (ROOT / PLUGIN).rglob("*.py")
    )


def test_all_tests_of_the_plugin_pass(
    tmp_path: pathlib.Path,
    command: Command,
    record_property: Callable[[str, object], None],
) -> None:
    site = keystone_site.Site(tmp_path)
    try:
        config = tmp_path / "workspace" / "etc" / "tempest.conf"
        with config.open("a") as file:
            configuration(site).write(file)
        ran = command("tempest", "run", "-r", PLUGIN, "-w", "2")
    finally:
        site.close()
    counts = dict(COUNT.findall(ran))
    record_property("tempest", counts)
    wanted = {"Passed": str(written()), "Skipped": "0", "Failed": "0"}
    assert counts == wanted, ran


def test_every_test_has_an_id_of_its_own(command: Command) -> None:
    command("check-uuid", "--package", PLUGIN)
