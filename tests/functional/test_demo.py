# SPDX-License-Identifier: Apache-2.0
"""The demo itself: the main job on a service of its own."""

import pathlib
import re
import signal
from collections.abc import Iterator

import pytest

from karbor_copy import exceptions
from karbor_copy.cmd import demo
from karbor_copy.cmd import demo_banks
from karbor_copy.cmd import demo_volumes
from tests.fixtures import servers


@pytest.fixture(autouse=True)
def sigterm() -> Iterator[None]:
    """Put the handler back that the demo replaces."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def test_demo(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state"
    code = demo.main(
        [
            *("--size", "1M", "--volumes", "2", "--checkpoints", "2"),
            *("--keep", "--state-path", str(path)),
        ]
    )
    out, err = capsys.readouterr()
    assert code == 0, err
    assert re.search(r"2 of 2 volumes restored .* are equal", out)
    assert "0 bytes copied; region two's bank has not grown" in out
    assert not (path / "banks" / "region-one").exists()
    restored = [
        f for f in (path / "volumes").iterdir() if not f.name.endswith("json")
    ]
    assert len(restored) == 2


def test_demo_over_servers(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    servers.shared_url("swift")  # skips where it can't be installed
    code = demo.main(
        [
            *("--banks", "swift", "--size", "256K", "--volumes", "1"),
            *("--checkpoints", "1", "--state-path", str(tmp_path / "state")),
        ]
    )
    out, err = capsys.readouterr()
    assert code == 0, err
    assert "1 of 1 volumes restored" in out
    assert "0 bytes copied; region two's bank has not grown" in out
    assert "the server of swift://" in out


def test_banks_in_s3(tmp_path: pathlib.Path) -> None:
    servers.shared_url("swift")
    with demo_banks.made("s3", tmp_path) as banks:
        assert banks.size("region-two") == 0
        assert "s3://" in banks.lose("region-one")
        with pytest.raises(exceptions.BankUnavailable):
            banks.size("region-one")


def test_servers_need_a_checkout(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    elsewhere = tmp_path / "lib" / "karbor_copy" / "cmd" / "demo_banks.py"
    monkeypatch.setattr(demo_banks, "__file__", str(elsewhere))
    assert demo.main(["--banks", "s3"]) == 1
    assert "only a checkout of the source has" in capsys.readouterr().err


def test_a_damaged_restore_is_told(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A demo that could not fail would show nothing."""
    digest = demo_volumes.digest
    seen = []

    def changed_afterwards(path: pathlib.Path) -> str | None:
        seen.append(path)
        if len(seen) == 2:
            with path.open("r+b") as stream:
                stream.write(b"rot")
        return digest(path)

    monkeypatch.setattr(demo_volumes, "digest", changed_afterwards)
    code = demo.main(
        [
            *("--size", "64K", "--volumes", "1", "--checkpoints", "1"),
            *("--state-path", str(tmp_path / "state")),
        ]
    )
    assert code == 1
    assert "0 of 1 volumes" in capsys.readouterr().out
    assert not (tmp_path / "state").exists()


def test_a_second_copy_that_copies_is_a_failure(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sizes = iter([0, 1])
    monkeypatch.setattr(demo_banks, "tree_size", lambda _: next(sizes))
    code = demo.main(
        [
            *("--size", "64K", "--volumes", "1", "--checkpoints", "1"),
            *("--state-path", str(tmp_path / "state")),
        ]
    )
    assert code == 1
    assert "bank grew by 1 bytes" in capsys.readouterr().err
