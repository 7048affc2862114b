# SPDX-License-Identifier: Apache-2.0
"""The table that a benchmark prints, line by line, and its options."""

import argparse
import dataclasses
import json
import pathlib
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table: ``target`` is the most, or ``least``."""

    case: str
    what: str
    value: float
    unit: str
    target: float | None = None
    least: float | None = None

    @property
    def missed(self) -> bool:
        return (self.target is not None and self.value > self.target) or (
            self.least is not None and self.value < self.least
        )

    def __str__(self) -> str:
        text = (
            f"{self.case:<8}{self.what:<38}{self.value:>9.2f} {self.unit:<9}"
        )
        if self.target is not None:
            text += f"<={self.target:>8.2f}"
        elif self.least is not None:
            text += f">={self.least:>8.2f}"
        else:
            return text.rstrip()
        return text + ("  missed !" if self.missed else "  met")


Case = Callable[[], Iterator[Line]]


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the options that all benchmarks have."""
    made = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--cases", help="comma-separated names")
    made.add_argument("--json", help="file for the results")
    return made


def show(cases: Mapping[str, Case], options: argparse.Namespace) -> None:
    """Run the cases that are wanted and print what they find."""
    wanted = options.cases.split(",") if options.cases else list(cases)
    found = []
    for name in wanted:
        for line in cases[name]():
            found.append(line)
            print(line, flush=True)
    if options.json:
        results = [dataclasses.asdict(line) for line in found]
        text = json.dumps({"results": results}, indent=1)
        pathlib.Path(options.json).write_text(text + "\n")
