# SPDX-License-Identifier: Apache-2.0
import datetime
import pathlib

import pytest
from oslo_config import cfg

from karbor_copy import checks
from karbor_copy import conf as configuration
from karbor_copy.conf import copy_engine
from karbor_copy.protection import bandwidth
from karbor_copy.providers import provider_file
from karbor_copy.providers import source_lines
from tests.fakes import providers


class Clock:
    """A time that the test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.day = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)

    def pass_by(self, seconds: float = 1.0) -> None:
        self.seconds += seconds
        self.day += datetime.timedelta(seconds=seconds)

    def limit(self, path: pathlib.Path) -> bandwidth.Limit:
        return bandwidth.Limit(
            options(path),
            "copy_engine",
            clock=lambda: self.seconds,
            now=lambda: self.day,
        )


def write(path: pathlib.Path, text: str) -> None:
    """Replace the file, so that it is another one for sure."""
    new = path.with_suffix(".new")
    new.write_text(f"[copy_engine]\nbandwidth = {text}\n")
    new.rename(path)


def options(path: pathlib.Path) -> cfg.ConfigOpts:
    config = cfg.ConfigOpts()
    copy_engine.register_opts(config)
    config(args=[], default_config_files=[str(path)], default_config_dirs=[])
    return config


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    found = tmp_path / "karbor_copy.conf"
    write(found, "08:00-18:00 Europe/Berlin 20M, else 200M")
    return found


def test_the_rate_follows_the_time_of_day(path: pathlib.Path) -> None:
    clock = Clock()
    limit = clock.limit(path)
    assert limit.rate() == 20_000_000
    clock.pass_by(4 * 3600)
    assert limit.rate() == 200_000_000


def test_the_rate_follows_the_file(path: pathlib.Path) -> None:
    clock = Clock()
    limit = clock.limit(path)
    limit.rate()
    write(path, "1K")
    assert limit.rate() == 20_000_000
    clock.pass_by()
    assert limit.rate() == 1000
    write(path, "")
    clock.pass_by()
    assert limit.rate() is None


def test_what_cannot_be_read_leaves_the_limit_as_it_was(
    path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    limit = clock.limit(path)
    limit.rate()
    write(path, "quick")
    clock.pass_by()
    assert limit.rate() == 20_000_000
    (record,) = caplog.records
    assert record.getMessage() == (
        f"The limit stays as it was: {path}: [copy_engine] bandwidth: 'quick'"
        " is no rate: bytes a second such as 500K, 20M, 1G, or 'unlimited'"
    )
    path.unlink()
    clock.pass_by()
    assert limit.rate() == 20_000_000
    write(path, "5")
    clock.pass_by()
    assert limit.rate() == 5


def test_files_of_a_directory_count(tmp_path: pathlib.Path) -> None:
    found = tmp_path / "karbor_copy.conf.d"
    found.mkdir()
    write(found / "a.conf", "1K")
    config = cfg.ConfigOpts()
    copy_engine.register_opts(config)
    config(args=[], default_config_files=[], default_config_dirs=[str(found)])
    clock = Clock()
    limit = bandwidth.Limit(config, "copy_engine", clock=lambda: clock.seconds)
    assert limit.rate() == 1000
    write(found / "b.conf", "2K")
    clock.pass_by()
    assert limit.rate() == 2000
    write(found / "b.conf", "3K")
    clock.pass_by()
    assert limit.rate() == 3000


def test_each_pair_has_its_limit(
    path: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    files = [
        providers.write(tmp_path, "one.conf", more="bandwidth = 1G\n"),
        providers.write(tmp_path, "two.conf", id=providers.TWO),
    ]
    one, two = (
        provider_file.load(file, source_lines.SourceLines(file))
        for file in files
    )
    assert one is not None
    assert two is not None
    limits = bandwidth.Bandwidth(options(path))
    for source, target in ((one, two), (two, one)):
        paced = limits.pace(source, target)
        assert b"".join(paced(memoryview(b"bytes"), bool)) == b"bytes"


def test_a_wrong_limit_is_named_at_start(path: pathlib.Path) -> None:
    checks.check_bandwidth(options(path))
    checks.check_bandwidth(configuration.CONF)
    write(path, "08:00-18:00 Mars/Base 20M, else 1")
    with pytest.raises(ValueError, match="is no known time zone") as caught:
        checks.check_bandwidth(options(path))
    assert str(caught.value) == (
        f"{path}: [copy_engine] bandwidth: 'Mars/Base' is no known time zone"
    )
