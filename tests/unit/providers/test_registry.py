# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.providers.registry."""

import pathlib

import pytest

from karbor_copy import exceptions
from karbor_copy.plugins.volume_file import plugin
from karbor_copy.providers import registry
from tests.fakes import providers


def errors_of(loaded: registry.Registry) -> list[str]:
    """Return the errors without their directory."""
    return [str(error).rpartition("/")[2] for error in loaded.errors]


def test_all_files_are_read(tmp_path: pathlib.Path) -> None:
    providers.write(tmp_path, "a.conf", targets=providers.TWO)
    providers.write(tmp_path, "b.conf", id=providers.TWO)
    (tmp_path / "notes.txt").write_text("no provider")
    loaded = registry.load(tmp_path)
    assert loaded.errors == ()
    assert [found.id for found in loaded.list()] == [
        providers.TWO,
        providers.ONE,
    ]
    assert loaded.get(providers.ONE).targets == (providers.TWO,)


def test_an_unknown_provider_is_not_found(tmp_path: pathlib.Path) -> None:
    loaded = registry.load(tmp_path)
    with pytest.raises(exceptions.ProviderNotFound, match=providers.ONE):
        loaded.get(providers.ONE)


def test_a_broken_file_harms_no_other(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.conf").write_bytes(b"\xff\xfe")
    (tmp_path / "b.conf").write_text("[provider\n")
    providers.write(tmp_path, "c.conf", plugin="none")
    (tmp_path / "d.conf").mkdir()
    providers.write(tmp_path, "e.conf")
    loaded = registry.load(tmp_path)
    assert [found.id for found in loaded.list()] == [providers.ONE]
    assert [error.split(" ")[0] for error in errors_of(loaded)] == [
        "a.conf:1:",
        "b.conf:1:",
        "c.conf:6:",
        "d.conf:",
    ]


def test_the_first_file_of_an_id_counts(tmp_path: pathlib.Path) -> None:
    providers.write(tmp_path, "a.conf")
    providers.write(tmp_path, "b.conf", id=providers.ONE.upper())
    loaded = registry.load(tmp_path)
    assert len(loaded.list()) == 1
    assert errors_of(loaded) == [
        "b.conf:4: [provider] id: a.conf has the same"
    ]


def test_a_file_that_is_not_enabled_is_no_error(
    tmp_path: pathlib.Path,
) -> None:
    path = providers.write(tmp_path, "a.conf")
    path.write_text(path.read_text().replace("True", "False"))
    providers.write(tmp_path, "b.conf")
    loaded = registry.load(tmp_path)
    assert len(loaded.list()) == 1
    assert loaded.errors == ()


def test_an_unknown_target_is_told_but_disables_nothing(
    tmp_path: pathlib.Path,
) -> None:
    providers.write(tmp_path, "a.conf", targets=providers.TWO)
    loaded = registry.load(tmp_path)
    assert loaded.get(providers.ONE).targets == (providers.TWO,)
    assert errors_of(loaded) == [
        "a.conf:10: [copy] targets: no enabled provider has the id "
        f"{providers.TWO}"
    ]


def test_a_provider_may_be_its_own_target(tmp_path: pathlib.Path) -> None:
    providers.write(tmp_path, "a.conf", targets=providers.ONE)
    assert registry.load(tmp_path).errors == ()


def test_a_missing_directory_is_told(tmp_path: pathlib.Path) -> None:
    loaded = registry.load(tmp_path / "providers.d")
    assert loaded.list() == ()
    assert errors_of(loaded) == ["providers.d: no such directory"]


def test_a_directory_without_providers_is_told(tmp_path: pathlib.Path) -> None:
    (tmp_path / "providers.d").mkdir()
    loaded = registry.load(tmp_path / "providers.d")
    assert errors_of(loaded) == [
        "providers.d: no file has an enabled provider"
    ]
    assert loaded.left_out == loaded.errors


def test_a_file_that_can_not_be_used_is_refused(
    tmp_path: pathlib.Path,
) -> None:
    providers.write(tmp_path, "a.conf", targets=providers.TWO)
    registry.check(tmp_path)
    providers.write(tmp_path, "b.conf", id=providers.TWO, plugin="none")
    with pytest.raises(exceptions.ProviderConfigError, match=r"b\.conf:6: "):
        registry.check(tmp_path)


def test_protectables_are_all_providers(tmp_path: pathlib.Path) -> None:
    for name, provider_id in (("a", providers.ONE), ("b", providers.TWO)):
        providers.write(
            tmp_path,
            f"{name}.conf",
            id=provider_id,
            plugin=providers.VOLUME_FILE,
            more=f"[volume_file_plugin]\nvolumes_path = /{name}\n",
        )
    loaded = registry.load(tmp_path)
    assert loaded.resource_types() == (plugin.VOLUME,)
    found = loaded.protectable(plugin.VOLUME)
    assert [item.config.volume_file_plugin.volumes_path for item in found] == [
        "/b",
        "/a",
    ]
    assert loaded.protectable("OS::Nova::Server") == ()


def test_the_shipped_files_are_right() -> None:
    root = pathlib.Path(__file__).resolve().parents[3]
    loaded = registry.load(root / "etc" / "karbor_copy" / "providers.d")
    assert loaded.errors == ()
    assert [found.name for found in loaded.list()] == [
        "Region two",
        "Region one",
    ]
