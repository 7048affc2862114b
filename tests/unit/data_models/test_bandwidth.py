# SPDX-License-Identifier: Apache-2.0
import datetime

import pytest

from karbor_copy.data_models import bandwidth


def at(hour: int, minute: int = 0) -> datetime.datetime:
    """Return a time of a day in summer, in UTC."""
    return datetime.datetime(2026, 7, 1, hour, minute, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("", None),
        ("unlimited", None),
        ("1", 1),
        ("500K", 500_000),
        (" 100M ", 100_000_000),
        ("2G", 2_000_000_000),
    ],
)
def test_one_rate(text: str, rate: int | None) -> None:
    assert bandwidth.parse(text).rate(at(12)) == rate


def test_a_timetable_in_its_zone() -> None:
    table = bandwidth.parse("08:00-18:00 Europe/Berlin 20M, else 200M")
    assert table.rate(at(5, 59)) == 200_000_000
    assert table.rate(at(6)) == 20_000_000
    assert table.rate(at(15, 59)) == 20_000_000
    assert table.rate(at(16)) == 200_000_000


def test_the_first_span_holds_also_over_midnight() -> None:
    table = bandwidth.parse(
        "23:00-01:00 UTC 1K, 22:00-06:00 UTC 2K, else unlimited"
    )
    found = {hour: table.rate(at(hour)) for hour in (21, 22, 23, 0, 1, 5, 6)}
    assert found == {
        21: None,
        22: 2000,
        23: 1000,
        0: 1000,
        1: 2000,
        5: 2000,
        6: None,
    }


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("fast", "'fast' is no rate"),
        ("0", "'0' is no rate"),
        ("-5M", "'-5M' is no rate"),
        ("1.5M", "'1.5M' is no rate"),
        ("100m", "'100m' is no rate"),
        ("100MB", "'100MB' is no rate"),
        ("10 M", "'10 M': the last part must be 'else RATE'"),
        ("08:00-18:00 UTC 20M", "'08:00-18:00 UTC 20M': the last part"),
        ("08:00-18:00 UTC 20M,", "'': the last part"),
        ("8-18 UTC 20M, else 1", "'8-18' is not 'HH:MM-HH:MM'"),
        ("08:00-24:00 UTC 20M, else 1", "'08:00-24:00' is not"),
        ("08:00-08:00 UTC 1, else 1", "'08:00-08:00' begins when it ends"),
        ("08:00-18:00 Mars/Base 1, else 1", "'Mars/Base' is no known"),
        ("08:00-18:00 ../UTC 1, else 1", "'../UTC' is no known"),
        ("08:00-18:00 20M, else 1", "'08:00-18:00 20M' is not"),
        ("08:00-18:00 UTC fast, else 1", "'fast' is no rate"),
        ("else 1, else 2", "'else 1' is not"),
    ],
)
def test_what_nobody_understands(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match="^" + wrong):
        bandwidth.parse(text)
