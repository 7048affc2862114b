# SPDX-License-Identifier: Apache-2.0
"""What to do when region one is gone, as the documentation says it.

The commands are those of the page, in its order, typed into a shell.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping

from tests.fixtures import processes
from tests.fixtures import standalone

PAGE = pathlib.Path(__file__).parents[2] / "doc/source/admin/recovery.rst"
WITH, WITHOUT = "With the database", "Without the database"
NEXT = "Region one comes back"
#: Printed between two outputs.
BETWEEN = "-- next --"


def commands(begin: str, end: str) -> list[str]:
    """Return the commands between two headings of the page."""
    text = PAGE.read_text(encoding="utf-8")
    part = text[text.index(f"{begin}\n---") : text.index(f"{end}\n---")]
    return re.findall(r"^ +\$ (.*)$", part, re.M)


def type_in(
    site: processes.Processes, lines: list[str], words: Mapping[str, str]
) -> list[str]:
    """Type commands, of which each must succeed; return their outputs.

    ``words`` are typed in place of what the page has as examples, by a user
    who has the site's configuration at home.
    """
    script = f"\necho {BETWEEN}\n".join(lines)
    for example, word in words.items():
        script = script.replace(example, word)
    directory = site.path / ".karbor_copy"
    directory.mkdir(exist_ok=True)
    shutil.copy(site.config, directory)
    programs = pathlib.Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        capture_output=True,
        text=True,
        timeout=3 * standalone.TIMEOUT,
        check=False,
        env={
            "HOME": str(site.path),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "COLUMNS": "200",
        },
    )
    assert done.returncode == 0, (script, done.stdout, done.stderr)
    return done.stdout.split(f"{BETWEEN}\n")


def lose(path: pathlib.Path) -> None:
    """Lose the banks of region one, and the volumes."""
    shutil.rmtree(path / "banks" / "region-one")
    shutil.rmtree(path / "volumes")
    (path / "volumes").mkdir()


def volumes(path: pathlib.Path) -> list[str]:
    return sorted(
        hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (path / "volumes").glob("volume-*")
        if file.suffix != ".json"
    )


def words_of(served: processes.Running, copy_id: str) -> dict[str, str]:
    return {
        "http://127.0.0.1:8799": served.url,
        "PROJECT=demo": f"PROJECT={standalone.PROJECT}",
        "CHECKPOINT": copy_id,
    }


def test_region_one_is_gone(tmp_path: pathlib.Path) -> None:
    with processes.site(tmp_path / "one") as site:
        served, worker = site.api(), site.protection()
        client = site.client(served)
        member = site.copied(client, site.protected(client))
        copy_id = str(member["checkpoint_copy_id"])
        before = volumes(site.path)

        lose(site.path)
        file = site.path / "providers.d" / "region-one.conf"
        text = file.read_text()
        file.write_text(text.replace("enabled = True", "enabled = False"))
        assert file.read_text() != text
        assert (served.stop(), worker.stop()) == (0, 0)
        served = site.api()
        site.protection()
        words = words_of(served, copy_id)
        outputs = type_in(site, commands(WITH, WITHOUT), words)
        listed, verified, restored = outputs[-3:]
        assert copy_id in listed
        assert "success" in verified
        assert f"{standalone.VOLUME}#" in restored
        assert volumes(site.path) == before
    bank = site.path / "banks" / "region-two"
    with processes.site(tmp_path / "two") as site:
        begin_anew(site, bank, copy_id)
        assert volumes(site.path) == before


def begin_anew(
    site: processes.Processes, bank: pathlib.Path, copy_id: str
) -> None:
    """Restore in region two, where there is nothing but its bank."""
    (site.path / "karbor_copy.sqlite").unlink()
    (site.path / "providers.d" / "region-one.conf").unlink()
    shutil.rmtree(site.path / "banks")
    shutil.copytree(bank, site.path / "banks" / "region-two")
    *_, imported = type_in(site, commands(WITHOUT, NEXT), {})
    assert "1 in the bank, 1 added" in imported
    assert "0 refused" in imported
    served = site.api()
    site.protection()
    type_in(site, commands(WITH, WITHOUT), words_of(served, copy_id))
