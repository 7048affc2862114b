# SPDX-License-Identifier: Apache-2.0
"""Tests of who may be served without Keystone, timers and signals."""

import pathlib
import signal
import sys
import threading

import pytest
from oslo_config import fixture as config_fixture

from karbor_copy import conf as configuration
from karbor_copy import startup
from tests.fixtures import forked
from tests.fixtures import standalone


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1"])
def test_loopback(host: str) -> None:
    with config_fixture.Config(configuration.CONF) as config:
        config.config(group="api", host=host)
        startup.check_loopback(configuration.CONF)


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "2001:db8::"])
def test_anything_else_is_refused(host: str) -> None:
    with config_fixture.Config(configuration.CONF) as config:
        config.config(group="api", host=host)
        with pytest.raises(ValueError, match=f"not on {host}"):
            startup.check_loopback(configuration.CONF)


@pytest.mark.parametrize(("heartbeat", "fits"), [(2.0, True), (7.0, False)])
def test_heartbeats_must_fit_into_a_lease(heartbeat, fits) -> None:
    with config_fixture.Config(configuration.CONF) as config:
        config.config(
            group="protection", lease=20.0, heartbeat_interval=heartbeat
        )
        if fits:
            startup.check_timers(configuration.CONF)
            return
        with pytest.raises(ValueError, match="heartbeat_interval"):
            startup.check_timers(configuration.CONF)


def test_of_two_signals_at_once_none_is_lost(tmp_path: pathlib.Path) -> None:
    """One that came to another thread did not wake who waited for it."""
    for number in range(20):
        process = forked.Forked(
            _wait_for_two,
            output=tmp_path / f"{number}.out",
            errors=tmp_path / f"{number}.err",
        )
        try:
            assert process.first_line(standalone.TIMEOUT) == "ready"
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            assert process.wait(standalone.TIMEOUT) == 0
        finally:
            process.kill()


def _wait_for_two() -> int:
    for _ in range(20):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    arrived = startup.arriving(signal.SIGTERM, signal.SIGHUP)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    heard = {arrived(), arrived()}
    return 0 if heard == {signal.SIGTERM, signal.SIGHUP} else 1
