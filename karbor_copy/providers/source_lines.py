# SPDX-License-Identifier: Apache-2.0
"""Knows on which line of a provider file each option stands."""

import pathlib

from oslo_config import iniparser

from karbor_copy import exceptions


class SourceLines(iniparser.BaseParser):
    """The lines of one file, by group and option name in lower case.

    oslo.config tells what is wrong with a value but not where it stands;
    its own grammar, parsed once more, does.
    """

    def __init__(self, path: pathlib.Path) -> None:
        """Read the file.

        :raises ProviderConfigError: it can't be read or parsed.
        """
        self.path = path
        self._group = ""
        self._groups: dict[str, int] = {}
        self._options: dict[tuple[str, str], list[int]] = {}
        try:
            # The empty line ends the last option.
            self.parse([*_read(path).splitlines(), ""])
        except iniparser.ParseError as error:
            # Not the line itself: it may be that of a password.
            raise self._error(error.lineno, error.msg) from None

    def new_section(self, section: str) -> None:
        """Remember where a group begins."""
        self._group = section.lower()
        self._groups.setdefault(self._group, self.lineno)

    def assignment(self, key: str, value: list[str]) -> None:
        """Remember where an option stands, called on the line behind it."""
        line = self.lineno - len(value)
        if not self._group:
            raise iniparser.ParseError(
                "Section must be started before assignment", line, key
            )
        found = self._options.setdefault((self._group, key.lower()), [])
        found.append(line)

    def options(self, group: str) -> set[str]:
        """Return the names that are set in a group, in lower case."""
        return {key for name, key in self._options if name == group.lower()}

    def error(
        self, group: str, option: str, reason: str, *, index: int = -1
    ) -> exceptions.ProviderConfigError:
        """Return an error at an option, at its group if it is not set.

        ``index`` chooses among several of one name; the last one counts.
        """
        group = group.lower()
        lines = self._options.get((group, option.lower()))
        line = lines[index] if lines else self._groups.get(group, 1)
        return self._error(line, f"[{group}] {option}: {reason}")

    def _error(self, line: int, reason: str) -> exceptions.ProviderConfigError:
        return exceptions.ProviderConfigError(
            path=f"{self.path}:{line}", reason=reason
        )


def _read(path: pathlib.Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise exceptions.ProviderConfigError(
            path=path, reason=error.strerror or str(error)
        ) from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise exceptions.ProviderConfigError(
            path=f"{path}:{line}", reason="not UTF-8"
        ) from error
