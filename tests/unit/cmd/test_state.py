# SPDX-License-Identifier: Apache-2.0
"""Tests of the standalone's state directory."""

import pathlib
import shutil

import pytest
import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import options

from karbor_copy import conf as configuration
from karbor_copy.cmd import state
from karbor_copy.providers import registry


def files(path: pathlib.Path) -> dict[str, str]:
    return {
        str(item.relative_to(path)): item.read_text()
        for item in path.rglob("*.conf")
    }


def test_what_is_missing_is_made_once(tmp_path: pathlib.Path) -> None:
    state.prepare(tmp_path)
    first = files(tmp_path)
    assert f"id = {state.REGION_TWO}" in first["providers.d/region-two.conf"]
    assert (
        f"targets = {state.REGION_TWO}"
        in (first["providers.d/region-one.conf"])
    )
    for name in ("region-one", "region-two"):
        assert (tmp_path / "banks" / name / "karbor").is_dir()
    state.prepare(tmp_path)
    assert files(tmp_path) == first


def test_what_is_there_stays(tmp_path: pathlib.Path) -> None:
    state.prepare(tmp_path)
    (tmp_path / "karbor_copy.conf").write_text("mine")
    (tmp_path / "providers.d" / "region-one.conf").write_text("mine too")
    (tmp_path / "providers.d" / "region-two.conf").unlink()
    state.prepare(tmp_path)
    assert files(tmp_path) == {
        "karbor_copy.conf": "mine",
        "providers.d/region-one.conf": "mine too",
    }


def test_a_bank_that_is_gone_is_no_new_one(tmp_path: pathlib.Path) -> None:
    state.prepare(tmp_path)
    shutil.rmtree(tmp_path / "banks")
    state.prepare(tmp_path)
    assert not (tmp_path / "banks").exists()


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_first_start_that_was_cut_off_is_made_good(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    rename = pathlib.Path.rename

    def cut(path: pathlib.Path, target: pathlib.Path) -> pathlib.Path:
        if len(files(tmp_path)) == written:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(pathlib.Path, "rename", cut)
        with pytest.raises(KeyboardInterrupt):
            state.prepare(tmp_path)
    made = files(tmp_path)
    assert len(made) == written
    # No provider is without its bank.
    for name in made:
        region = pathlib.Path(name).stem
        assert (tmp_path / "banks" / region / "karbor").is_dir()
    state.prepare(tmp_path)
    assert len(files(tmp_path)) == 3


@pytest.mark.parametrize("name", ["a b", "ä#;='{x}"])
def test_odd_paths(tmp_path: pathlib.Path, name: str) -> None:
    path = tmp_path / name
    state.prepare(path)
    conf = cfg.ConfigOpts()
    for module in configuration.MODULES:
        module.register_opts(conf)
    options.set_defaults(conf)
    conf([], default_config_files=[str(path / "karbor_copy.conf")])
    assert conf.state_path == str(path)
    assert conf.provider_config_dir == f"{path}/providers.d"
    url = sa.make_url(conf.database.connection)
    assert url.database == f"{path}/karbor_copy.sqlite"
    loaded = registry.load(path / "providers.d")
    assert not loaded.errors
    for found in loaded.list():
        assert not list(found.make_bank().list())
        assert found.config.volume_file_plugin.volumes_path == (
            f"{path}/volumes"
        )


@pytest.mark.parametrize(
    "name", ["$HOME", "a$$b", "a?b", "a%20b", "a\nb", "end "]
)
def test_paths_that_are_refused(tmp_path: pathlib.Path, name: str) -> None:
    with pytest.raises(ValueError, match="state path"):
        state.prepare(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_no_room_is_told(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(NotADirectoryError):
        state.prepare(path)


def test_the_default_is_at_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = tmp_path / ".local" / "state" / "karbor-copy"
    assert state.default_path() == expected


def test_how_to_go_on(tmp_path: pathlib.Path) -> None:
    text = state.how_to_go_on("http://[::1]:1", tmp_path)
    assert "export KARBOR_COPY_URL=http://[::1]:1" in text
    assert f"{tmp_path}/volumes" in text
