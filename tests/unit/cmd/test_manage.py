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
