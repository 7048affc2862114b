# SPDX-License-Identifier: Apache-2.0
"""Tests of the demo's arguments, directory and exit codes."""

import argparse
import pathlib
import signal
import sys
import tempfile
from collections.abc import Iterator

import pytest

from karbor_copy.cmd import demo
from karbor_copy.cmd import demo_report
from karbor_copy.cmd import demo_server
from karbor_copy.cmd import demo_story


@pytest.fixture(autouse=True)
def sigterm() -> Iterator[None]:
    """Put the handler back that the demo replaces."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service be a program that only tells a URL."""
    program = (
        "import signal; print('http://127.0.0.1:1', flush=True);signal.pause()"
    )
    command = [sys.executable, "-S", "-c", program]
    monkeypatch.setattr(demo_server, "command", lambda _: command)


def play(monkeypatch: pytest.MonkeyPatch, restored: str | None) -> None:
    """Let the story be one volume that came back so."""
    row = demo_report.Row(volume="v", original="a" * 64, restored=restored)
    report = demo_report.Report(
        rows=[row],
        checkpoints=1,
        bytes_copied=1,
        bytes_skipped=0,
        bytes_reused=0,
        seconds=1.0,
        again_copied=0,
    )
    monkeypatch.setattr(demo_story.Story, "run", lambda _: report)


@pytest.mark.parametrize(
    ("text", "value"),
    [("32768", 32768), ("64K", 65536), ("1M", 1 << 20), ("2G", 2 << 30)],
)
def test_size(text: str, value: int) -> None:
    assert demo.size(text) == value


@pytest.mark.parametrize("text", ["", "M", "-1M", "1.5M", "1T", "64k", "1K"])
def test_bad_size(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        demo.size(text)


@pytest.mark.parametrize(
    ("restored", "code", "word"), [("a" * 64, 0, "yes"), (None, 1, "missing")]
)
def test_exit_code(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    service: None,
    restored: str | None,
    code: int,
    word: str,
) -> None:
    play(monkeypatch, restored)
    path = tmp_path / "new"
    assert demo.main(["--state-path", str(path)]) == code
    assert word in capsys.readouterr().out
    assert not path.exists()


def test_keep(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    service: None,
) -> None:
    play(monkeypatch, "a" * 64)
    assert demo.main(["--keep", "--state-path", str(tmp_path)]) == 0
    assert (tmp_path / "standalone.log").exists()
    assert f"made is in {tmp_path}" in capsys.readouterr().out


def test_a_directory_in_use_is_left_alone(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    mine.touch()
    assert demo.main(["--state-path", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert mine.exists()


def test_a_failure_shows_the_services_log(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [sys.executable, "-S", "-c", "import sys; sys.exit('no disk')"]
    monkeypatch.setattr(demo_server, "command", lambda _: words)
    monkeypatch.setattr(tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    assert demo.main([]) == 1
    err = capsys.readouterr().err
    assert "told no URL" in err
    assert err.endswith("The log of the service ends with:\nno disk\n")
    assert not tmp_path.exists()


def test_sigterm_cleans_up(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, service: None
) -> None:
    path = tmp_path / "new"

    def run(_: object) -> None:
        assert path.exists()
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(demo_story.Story, "run", run)
    with pytest.raises(SystemExit) as e:
        demo.main(["--state-path", str(path)])
    assert e.value.code == 143
    assert not path.exists()
