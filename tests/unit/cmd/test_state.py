# SPDX-License-Identifier: Apache-2.0
"""Tests of the standalone's state directory."""

import pathlib
import shutil

import pytest

from karbor_copy.cmd import state


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
    kept = files(tmp_path)
    assert kept["karbor_copy.conf"] == "mine"
    assert kept["providers.d/region-one.conf"] == "mine too"
    assert kept["providers.d/region-two.conf"]


def test_a_bank_that_is_gone_is_no_new_one(tmp_path: pathlib.Path) -> None:
    state.prepare(tmp_path)
    shutil.rmtree(tmp_path / "banks")
    state.prepare(tmp_path)
    assert not (tmp_path / "banks").exists()


def test_a_start_that_was_cut_off_is_made_good(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(_path: pathlib.Path, _target: pathlib.Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pathlib.Path, "rename", rename)
        with pytest.raises(KeyboardInterrupt):
            state.prepare(tmp_path)
    assert files(tmp_path) == {}
    state.prepare(tmp_path)
    assert len(files(tmp_path)) == 3


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
