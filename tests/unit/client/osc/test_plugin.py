# SPDX-License-Identifier: Apache-2.0
"""What python-openstackclient finds."""

import argparse
import configparser
import pathlib

from karbor_copy.client import shell
from karbor_copy.client.osc import plugin

SETUP = pathlib.Path(__file__).parents[4] / "setup.cfg"


def entry_points(group: str) -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.read(SETUP)
    return dict(
        line.split(" = ")
        for line in parser["entry_points"][group].strip().splitlines()
    )


def test_openstack_has_every_command_by_a_longer_name() -> None:
    (version,) = plugin.API_VERSIONS
    assert version == plugin.DEFAULT_API_VERSION
    group = f"openstack.{plugin.API_NAME}.v{version}"
    assert entry_points(group) == {
        f"data_protection_{name}": command
        for name, command in entry_points(shell.NAMESPACE).items()
    }
    found = entry_points("openstack.cli.extension")
    assert found == {plugin.API_NAME: plugin.__name__}


def test_openstack_needs_no_more_options() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    assert plugin.build_option_parser(parser) is parser
    assert not parser._actions
