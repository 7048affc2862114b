# SPDX-License-Identifier: Apache-2.0
"""How many bytes a second may be sent, by the time of day."""

import datetime
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_FACTORS: Final[Mapping[str, int]] = {
    "": 1,
    "K": 1000,
    "M": 1000**2,
    "G": 1000**3,
}
_RATE: Final = re.compile(r"([1-9][0-9]{0,14})([KMG]?)", re.ASCII)
_SPAN: Final = re.compile(
    r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])",
    re.ASCII,
)
_UNLIMITED: Final = "unlimited"
_ELSE: Final = "else"


@dataclass(frozen=True, slots=True)
class _Span:
    """A part of each day, from ``begin`` to ``end``, perhaps over midnight."""

    begin: datetime.time
    end: datetime.time
    zone: zoneinfo.ZoneInfo
    rate: int | None

    def holds(self, now: datetime.datetime) -> bool:
        time = now.astimezone(self.zone).time()
        if self.begin < self.end:
            return self.begin <= time < self.end
        return time >= self.begin or time < self.end


@dataclass(frozen=True, slots=True)
class Timetable:
    """Rates in bytes a second; None is any number."""

    spans: tuple[_Span, ...] = ()
    otherwise: int | None = None

    def rate(self, now: datetime.datetime) -> int | None:
        """Return what holds at a time, which has a zone: the first span."""
        for span in self.spans:
            if span.holds(now):
                return span.rate
        return self.otherwise


#: What holds where no option says anything.
UNLIMITED: Final = Timetable()


def parse(text: str) -> Timetable:
    """Read ``RATE``, or ``HH:MM-HH:MM ZONE RATE, ..., else RATE``.

    A rate is a number of bytes a second, with ``K``, ``M`` or ``G`` for
    thousands, millions and milliards, or ``unlimited``. Nothing at all is
    ``unlimited`` too.

    :raises ValueError: naming the part that is wrong, and why.
    """
    parts = [part.strip() for part in text.split(",")]
    if parts == [""]:
        return UNLIMITED
    first = parts[0].split()
    if len(parts) == 1 and len(first) == 1:
        return Timetable((), _rate(first[0]))
    *spans, last = parts
    words = last.split()
    if len(words) != 2 or words[0] != _ELSE:
        raise ValueError(f"{last!r}: the last part must be 'else RATE'")
    return Timetable(tuple(map(_span, spans)), _rate(words[1]))


def _span(text: str) -> _Span:
    words = text.split()
    if len(words) != 3:
        raise ValueError(f"{text!r} is not 'HH:MM-HH:MM ZONE RATE'")
    found = _SPAN.fullmatch(words[0])
    if found is None:
        raise ValueError(f"{words[0]!r} is not 'HH:MM-HH:MM'")
    begin = datetime.time(int(found[1]), int(found[2]))
    end = datetime.time(int(found[3]), int(found[4]))
    if begin == end:
        raise ValueError(f"{words[0]!r} begins when it ends")
    return _Span(begin, end, _zone(words[1]), _rate(words[2]))


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no known time zone") from error


def _rate(text: str) -> int | None:
    if text == _UNLIMITED:
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is no rate: bytes a second such as 500K, 20M, 1G, or"
            " 'unlimited'"
        )
    return int(found[1]) * _FACTORS[found[2]]
