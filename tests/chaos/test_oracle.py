# SPDX-License-Identifier: Apache-2.0
"""The oracle sees what it is there to see."""

import contextlib
import pathlib
import sqlite3
from collections.abc import Iterator

import pytest

from tests.chaos import oracle as oracle_module
from tests.chaos import resent
from tests.chaos import site as site_module
from tests.chaos import stories


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> site_module.Site:
    path = tmp_path_factory.mktemp("oracle")
    with stories.prepared(path, copied=True) as made:
        return made


@pytest.fixture
def oracle(site: site_module.Site) -> oracle_module.Oracle:
    found = oracle_module.Oracle(site.path, site.originals)
    assert found.at_rest() == []
    return found


@pytest.fixture
def copy(site: site_module.Site) -> pathlib.Path:
    [copy_id] = site.copies().values()
    bank = site.path / "banks/region-two/karbor"
    return bank / "checkpoints" / copy_id


@contextlib.contextmanager
def _changed(path: pathlib.Path, data: bytes | None) -> Iterator[None]:
    """Put other bytes, or none, in the place of a file for a while."""
    before = path.read_bytes() if path.exists() else None
    _write(path, data)
    try:
        yield
    finally:
        _write(path, before)


def _write(path: pathlib.Path, data: bytes | None) -> None:
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)


def test_a_flipped_bit(
    oracle: oracle_module.Oracle, copy: pathlib.Path
) -> None:
    path = next(copy.glob("resource-data/*/data_*_0"))
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    with _changed(path, bytes(data)):
        found = oracle.at_any_time()
    assert any("is missing or wrong" in text for text in found)
    assert any("is not the original" in text for text in found)


def test_a_missing_object(
    oracle: oracle_module.Oracle, copy: pathlib.Path
) -> None:
    with _changed(next(copy.glob("resource-data/*/status")), None):
        assert any("missing or wrong" in t for t in oracle.at_any_time())
        assert any("lacks" in text for text in oracle.at_rest())


def test_an_index_without_its_manifest(
    oracle: oracle_module.Oracle, copy: pathlib.Path
) -> None:
    path = copy / "manifest.jsonl"
    with _changed(path, path.read_bytes() + b" "):
        [text] = list(oracle._visible())
    assert "is shown without its manifest" in text


def test_an_orphan(oracle: oracle_module.Oracle, copy: pathlib.Path) -> None:
    with _changed(copy / "resource-data/orphan", b"x"):
        [text] = oracle.at_rest()
    assert "has an orphan" in text


def test_index_keys_of_the_dead(
    oracle: oracle_module.Oracle, copy: pathlib.Path
) -> None:
    path = copy / "index.json"
    data = path.read_bytes().replace(b'"available"', b'"deleted"')
    with _changed(path, data):
        found = list(oracle._index_keys())
    assert len(found) == 3
    assert all("leads to no living checkpoint" in text for text in found)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE checkpoint_copies SET bytes_skipped = 1", "tells of"),
        ("UPDATE checkpoint_copies SET status = 'copying'", "is still"),
        ("UPDATE operation_logs SET state = 'running'", "is running"),
        ("UPDATE checkpoint_copies SET status = 'error'", "holds its slot"),
        (
            "UPDATE checkpoint_copies SET status = 'error', copy_slot = NULL",
            "without a reason",
        ),
    ],
)
def test_rows(site: site_module.Site, change: str, told: str) -> None:
    path = site.path / "karbor_copy.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        before = "\n".join(connection.iterdump())
        with connection:
            connection.execute(change)
    found = oracle_module.Oracle(site.path, site.originals).at_rest()
    for name in (path.name, path.name + "-wal", path.name + "-shm"):
        (site.path / name).unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(before)
    assert any(told in text for text in found)


def test_what_was_sent_again(
    oracle: oracle_module.Oracle, copy: pathlib.Path
) -> None:
    path = next(copy.glob("resource-data/*/data_*_0"))
    key = str(path.relative_to(copy.parents[1]))
    seen = resent.Seen(path.stat().st_ino, path.stat().st_mtime_ns, True)
    assert resent.sent_again(oracle, {key: seen}) == []
    path.write_bytes(path.read_bytes())
    [text] = resent.sent_again(oracle, {key: seen})
    assert "was sent again" in text
    [text] = resent.kept_too_few(oracle, {key: seen})
    assert "skipped 0 bytes" in text
