# SPDX-License-Identifier: Apache-2.0
"""The example plugins of the guide: what is printed there works."""

import pathlib
from collections.abc import Mapping
from typing import Any

import pytest
from oslo_config import cfg

from karbor_copy import exceptions
from karbor_copy.banks import transfer as bank_transfer
from karbor_copy.data_models import resource
from karbor_copy.plugins import base
from tests.contract import test_plugins
from tests.examples import appliance_plugin
from tests.examples import note_plugin
from tests.fakes import operations

pair = test_plugins.pair
transfer = test_plugins.transfer


def make(
    plugin: type[base.ProtectionPlugin], options: Mapping[str, Any]
) -> base.ProtectionPlugin:
    """Return the plugin of a provider file with these options."""
    config = cfg.ConfigOpts()
    config([], default_config_files=[], default_config_dirs=[])
    config.register_opts(plugin.OPTS, group=plugin.GROUP)
    for name, value in options.items():
        config.set_override(name, value, group=plugin.GROUP)
    return plugin(config)


class NoteCase(test_plugins.Case):
    has_data = True

    def __init__(self, path: pathlib.Path) -> None:
        self.plugin = make(note_plugin.NotePlugin, {"notes_path": str(path)})
        self._directory = path / operations.PROJECT_ID

    def make_resource(self) -> resource.Resource:
        self._directory.mkdir(exist_ok=True)
        (self._directory / "groceries").write_text("äpfel\n")
        (found,) = self.plugin.list_resources(
            operations.member(), note_plugin.NOTE
        )
        return found

    def lose(self, found: resource.Resource) -> None:
        for path in self._directory.iterdir():
            path.unlink()

    def assert_restored(
        self, found: resource.Resource, new_id: str | None
    ) -> None:
        assert self.plugin.show_resource(
            operations.member(), note_plugin.NOTE, new_id or ""
        )
        assert (self._directory / str(new_id)).read_text() == "äpfel\n"

    def assert_not_restored(self) -> None:
        assert not list(self._directory.iterdir())


class TestNotePlugin(test_plugins.TestPlugin):
    @pytest.fixture
    def case(self, tmp_path: pathlib.Path) -> NoteCase:
        return NoteCase(tmp_path)

    def test_a_note_that_is_not_there_fails_without_a_path(
        self,
        case: NoteCase,
        pair: test_plugins.Pair,
        transfer: bank_transfer.Transfer,
    ) -> None:
        case.lose(pair.found)
        with pytest.raises(exceptions.ResourceFailed) as caught:
            test_plugins.protect(case, pair.source, pair.found, transfer)
        assert "/" not in str(caught.value)


class ApplianceCase(test_plugins.Case):
    has_data = True

    def __init__(self, path: pathlib.Path) -> None:
        for name in ("disks", "one", "two"):
            (path / name).mkdir()
        self.path = path
        self.plugin = make(
            appliance_plugin.AppliancePlugin,
            {
                "root": str(path),
                "site": "one",
                "replica_sites": {operations.PROVIDER_ID: "two"},
            },
        )

    def make_resource(self) -> resource.Resource:
        (self.path / "disks" / "d1").write_bytes(b"bytes of a disk")
        return resource.Resource(appliance_plugin.DISK, "d1", "disk")

    def lose(self, found: resource.Resource) -> None:
        (self.path / "disks" / found.id).unlink()

    def assert_restored(
        self, found: resource.Resource, new_id: str | None
    ) -> None:
        disk = self.path / "disks" / str(new_id)
        assert disk.read_bytes() == b"bytes of a disk"

    def assert_not_restored(self) -> None:
        assert not list((self.path / "disks").iterdir())


@pytest.fixture
def case(tmp_path: pathlib.Path) -> ApplianceCase:
    return ApplianceCase(tmp_path)


class TestAppliancePlugin:
    def test_a_copy_outlives_the_source_site(
        self,
        case: ApplianceCase,
        pair: test_plugins.Pair,
        transfer: bank_transfer.Transfer,
    ) -> None:
        for _ in range(2):
            test_plugins.protect(case, pair.source, pair.found, transfer)
        for _ in range(2):
            test_plugins.copy(
                case, pair.source, pair.target, pair.found, transfer
            )
        test_plugins.delete(case, pair.source, pair.found, transfer)
        assert not list((case.path / "one").iterdir())
        case.lose(pair.found)
        test_plugins.verify(case, pair.target, pair.found, transfer)
        new_id = test_plugins.restore(
            case, pair.target, pair.found, transfer, operations.Record()
        )
        case.assert_restored(pair.found, new_id)
        for _ in range(2):
            test_plugins.delete(case, pair.target, pair.found, transfer)
        assert not list((case.path / "two").iterdir())

    def test_what_rots_is_found(
        self,
        case: ApplianceCase,
        pair: test_plugins.Pair,
        transfer: bank_transfer.Transfer,
    ) -> None:
        test_plugins.protect(case, pair.source, pair.found, transfer)
        (backup,) = (case.path / "one").iterdir()
        backup.write_bytes(b"bytes of a risk")
        with pytest.raises(exceptions.ResourceFailed, match="altered"):
            test_plugins.verify(case, pair.source, pair.found, transfer)
        with pytest.raises(exceptions.ResourceFailed, match="differs"):
            test_plugins.copy(
                case, pair.source, pair.target, pair.found, transfer
            )

    def test_a_provider_without_a_site_is_refused(
        self,
        case: ApplianceCase,
        pair: test_plugins.Pair,
        transfer: bank_transfer.Transfer,
    ) -> None:
        test_plugins.protect(case, pair.source, pair.found, transfer)
        case.plugin.config.set_override(
            "replica_sites", {}, group=case.plugin.GROUP
        )
        with pytest.raises(exceptions.ResourceFailed, match="no site"):
            test_plugins.copy(
                case, pair.source, pair.target, pair.found, transfer
            )
