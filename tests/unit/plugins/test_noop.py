# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.noop."""

import pytest
from oslo_config import cfg

from karbor_copy.data_models import resource
from karbor_copy.plugins import base
from karbor_copy.plugins import noop

SERVER = resource.Resource("OS::Nova::Server", "5c1b", "server")


@pytest.fixture
def plugin() -> noop.NoopProtectionPlugin:
    return noop.NoopProtectionPlugin(cfg.ConfigOpts())


def test_it_serves_all_of_karbors_types(
    plugin: noop.NoopProtectionPlugin,
) -> None:
    types = plugin.get_supported_resources_types()
    assert set(types) == set(resource.RESOURCE_TYPES)


@pytest.mark.parametrize(
    "operation", ["protect", "restore", "verify", "delete"]
)
def test_its_operations_have_no_hooks(
    plugin: noop.NoopProtectionPlugin, operation: str
) -> None:
    found = getattr(plugin, f"get_{operation}_operation")(SERVER)
    for hook in base.HOOKS:
        assert getattr(type(found), hook) is getattr(base.Operation, hook)


def test_its_schemas_accept_anything(
    plugin: noop.NoopProtectionPlugin,
) -> None:
    for kind in ("options", "saved_info", "restore", "verify", "copy"):
        assert getattr(plugin, f"get_{kind}_schema")(SERVER.type) == {}
