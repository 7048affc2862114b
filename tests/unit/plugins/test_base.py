# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.plugins.base."""

from collections.abc import Sequence

import pytest
from oslo_config import cfg

from karbor_copy.data_models import resource
from karbor_copy.plugins import base
from tests.fakes import operations

SERVER = resource.Resource("OS::Nova::Server", "5c1b", "server")


class BarePlugin(base.ProtectionPlugin):
    @classmethod
    def get_supported_resources_types(cls) -> Sequence[str]:
        return (SERVER.type,)


@pytest.fixture
def plugin() -> BarePlugin:
    return BarePlugin(cfg.ConfigOpts())


@pytest.mark.parametrize(
    "operation", ["protect", "restore", "verify", "copy", "delete"]
)
def test_a_plugin_need_not_have_any_operation(
    plugin: BarePlugin, operation: str
) -> None:
    with pytest.raises(NotImplementedError):
        getattr(plugin, f"get_{operation}_operation")(SERVER)


@pytest.mark.parametrize(
    "kind", ["options", "saved_info", "restore", "verify", "copy"]
)
def test_a_plugin_need_not_have_schemas(plugin: BarePlugin, kind: str) -> None:
    assert getattr(plugin, f"get_{kind}_schema")(SERVER.type) == {}
    assert plugin.get_saved_info(None, SERVER) == {}


def test_a_plugin_need_not_know_live_resources(plugin: BarePlugin) -> None:
    context = operations.member()
    assert plugin.get_parent_resource_types(SERVER.type) == ()
    assert plugin.list_resources(context, SERVER.type) == ()
    assert plugin.show_resource(context, SERVER.type, SERVER.id) is None
    assert plugin.get_dependent_resources(context, SERVER) == ()


def test_hooks_take_whatever_they_are_given() -> None:
    operations.run(base.Operation(), checkpoint=None, something_new=1)


def test_a_plugin_must_say_what_it_protects() -> None:
    with pytest.raises(TypeError, match="get_supported_resources_types"):
        base.ProtectionPlugin(cfg.ConfigOpts())  # type: ignore[abstract]
