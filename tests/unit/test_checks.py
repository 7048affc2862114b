# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.checks that need no process of the service."""

import os
import pathlib
import tempfile
from collections.abc import Iterator

import pytest
from oslo_config import cfg
from oslo_config import fixture as config_fixture
from oslo_log import log as logging

from karbor_copy import checks
from karbor_copy import conf as configuration

#: Who may do nothing.
_NOBODY = 65534
_LOGGING = """\
[loggers]
keys = root
[handlers]
keys = null
[formatters]
keys =
[logger_root]
handlers = null
[handler_null]
class = NullHandler
args = ()
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1"])
def test_loopback(host: str) -> None:
    with config_fixture.Config(configuration.CONF) as config:
        config.config(group="api", host=host)
        checks.check_loopback(configuration.CONF)


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "2001:db8::"])
def test_anything_else_is_refused(host: str) -> None:
    with config_fixture.Config(configuration.CONF) as config:
        config.config(group="api", host=host)
        with pytest.raises(ValueError, match=f"not on {host}"):
            checks.check_loopback(configuration.CONF)


@pytest.mark.parametrize(("heartbeat", "fits"), [(2.0, True), (7.0, False)])
def test_heartbeats_must_fit_into_a_lease(heartbeat, fits) -> None:
    with config_fixture.Config(configuration.CONF) as config:
        config.config(
            group="protection", lease=20.0, heartbeat_interval=heartbeat
        )
        if fits:
            checks.check_timers(configuration.CONF)
            return
        with pytest.raises(ValueError, match="heartbeat_interval"):
            checks.check_timers(configuration.CONF)


@pytest.fixture
def place() -> Iterator[pathlib.Path]:
    """Give a directory in which nobody can write, but can read."""
    if os.geteuid():
        pytest.skip("only root can try what others may do")
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


def nobodys_refusal(**options: str) -> str:
    """Return why somebody without rights can't log so; nothing if he can."""
    # The effective one alone is not what access() asks for.
    os.setresuid(_NOBODY, _NOBODY, 0)
    try:
        return refusal(**options)
    finally:
        os.setresuid(0, 0, 0)


def refusal(**options: str) -> str:
    conf = cfg.ConfigOpts()
    logging.register_options(conf)
    conf([])
    for name, value in options.items():
        conf.set_override(name, value)
    try:
        checks.check_logging(conf)
    except ValueError as error:
        return str(error)
    return ""


def test_a_log_is_what_can_be_written_to(place: pathlib.Path) -> None:
    mine, roots = place / "mine.log", place / "open" / "roots.log"
    roots.parent.mkdir()
    roots.parent.chmod(0o777)
    for path, mode in ((mine, 0o666), (roots, 0o644)):
        path.touch()
        path.chmod(mode)
    assert not nobodys_refusal()
    assert not nobodys_refusal(log_file=str(mine))
    assert not nobodys_refusal(log_dir=str(place), log_file="mine.log")
    assert not nobodys_refusal(log_dir=str(roots.parent))
    for options in (
        {"log_file": str(roots)},
        {"log_file": str(place / "new.log")},
        {"log_dir": str(place)},
        {"log_dir": str(place / "none")},
    ):
        told = nobodys_refusal(**options)
        assert told.startswith("log_dir, log_file: "), options


def test_a_file_for_logging_goes_before_a_directory(
    tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "logging.conf"
    path.write_text(_LOGGING)
    nowhere = str(tmp_path / "none")
    assert not refusal(log_config_append=str(path), log_dir=nowhere)
    path.write_text(_LOGGING.replace("NullHandler", "NoHandler"))
    assert "NoHandler" in refusal(log_config_append=str(path))
