# SPDX-License-Identifier: Apache-2.0
"""Tests of the words of karbor-copy-manage."""

import pytest

from karbor_copy.cmd import manage


@pytest.mark.parametrize("mapping", ["", "old", "old=", "=new"])
def test_a_bad_mapping(
    capsys: pytest.CaptureFixture[str], mapping: str
) -> None:
    with pytest.raises(SystemExit) as error:
        manage.main(["catalog", "import", "--project-map", mapping])
    assert error.value.code == 2
    assert f"{mapping!r} is not OLD=NEW" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["db"], ["catalog", "export"]])
def test_words_that_mean_nothing(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        manage.main(words)
    assert error.value.code == 2
    assert "usage: karbor-copy-manage" in capsys.readouterr().err


@pytest.mark.parametrize("days", ["", "0", "-1", "1.5", "36501", "\u0661"])
def test_a_bad_number_of_days(
    capsys: pytest.CaptureFixture[str], days: str
) -> None:
    with pytest.raises(SystemExit) as error:
        manage.main(["db", "purge", f"--older-than={days}"])
    assert error.value.code == 2
    assert "is no number of days" in capsys.readouterr().err
