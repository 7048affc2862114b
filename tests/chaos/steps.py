# SPDX-License-Identifier: Apache-2.0
"""The steps at which a service can be made to die, stop or hang.

Each is a function of the product, wrapped in the process that shall suffer
and nowhere else; nothing in the product knows of it.
"""

import functools
import os
import pathlib
import signal
import threading
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from karbor_copy.banks import directory
from karbor_copy.banks import directory_batch
from karbor_copy.banks import directory_files
from karbor_copy.banks import section_copy
from karbor_copy.db import begin
from karbor_copy.db import checkpoints
from karbor_copy.db import claims
from karbor_copy.db import copies
from karbor_copy.db import engine
from karbor_copy.db import operation_logs
from karbor_copy.db import settle
from karbor_copy.plugins.volume_file import publish
from karbor_copy.protection import maintenance

_Wanted = Callable[[tuple[Any, ...], Any], bool]


def _any(_args: tuple[Any, ...], _result: Any) -> bool:
    return True


def _claimed(_args: tuple[Any, ...], result: Any) -> bool:
    return result is not None


def _key(*parts: str) -> _Wanted:
    """Count only the puts of objects whose key holds one of the parts."""

    def wanted(args: tuple[Any, ...], _result: Any) -> bool:
        return any(part in args[1] for part in parts)

    return wanted


@dataclass(frozen=True, slots=True)
class Point:
    """Functions of the product, by owner and name, and which calls count."""

    functions: tuple[tuple[Any, str], ...]
    wanted: _Wanted = _any


_Bank = directory.DirectoryBank
_BATCH_PUT = (directory_batch.DirectoryBatch, "put")
_PUTS = ((_Bank, "put"), (_Bank, "put_new"), _BATCH_PUT)

#: Base name of a step -> the function behind it.
POINTS: dict[str, Point] = {
    "request": Point(((copies, "create"),)),
    "request_protect": Point(((checkpoints, "create_protect"),)),
    "claim": Point(((claims.Claimer, "claim"),), _claimed),
    "begin": Point(((begin, "begin"),)),
    "graph": Point(((begin, "set_graph"),)),
    "put": Point(_PUTS, _key("/data_")),
    "object": Point(_PUTS, _key("/metadata", "/status")),
    "flush": Point(((directory_files, "sync_file_system"),)),
    "read_back": Point(((section_copy.SectionCopy, "read_back"),)),
    "manifest": Point(_PUTS, _key("/manifest.jsonl")),
    "committing": Point(((operation_logs, "mark_committing"),)),
    "index": Point(_PUTS, _key("/index.json")),
    "index_key": Point(_PUTS, _key("indices/")),
    "settle": Point(((settle, "settle"),)),
    # The last that happens in the transaction of a settle.
    "settling": Point(((operation_logs, "enqueue"),)),
    "hand_back": Point(((operation_logs, "hand_back"),)),
    "clean_up": Point(((maintenance, "clean_up"),)),
    "delete": Point(((_Bank, "delete"),)),
    "owner": Point(((publish.Publication, "_publish_owner"),)),
    "publish": Point(((publish.Publication, "publish"),)),
}


def kill() -> None:
    """Die as from a power cut of this process alone."""
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


def stop() -> None:
    """Stand still until someone sends SIGCONT, but not in a transaction.

    One that stands still keeps sqlite locked, for which nothing can be done.
    """
    with engine.sqlite_writers:
        os.kill(os.getpid(), signal.SIGSTOP)
        # The kernel may stop another thread first and this one later.
        time.sleep(0.5)


def hang() -> None:
    """Never come back, as from a mount that is gone."""
    threading.Event().wait()


ACTIONS: dict[str, Callable[[], None]] = {
    "kill": kill,
    "stop": stop,
    "hang": hang,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """At the n-th call of a step, before, in the middle of or after it."""

    step: str
    where: str
    count: int = 1
    action: str = "kill"

    @classmethod
    def parse(cls, text: str) -> "Plan":
        """Read ``step.where[:count[:action]]``.

        :raises ValueError: it is none.
        """
        name, _, rest = text.partition(":")
        count, _, action = rest.partition(":")
        step, _, where = name.partition(".")
        if step not in POINTS or where not in ("before", "middle", "after"):
            raise ValueError(f"no step {name}")
        return cls(step, where, int(count or 1), action or "kill")


class _HalfChunks:
    """Gives half of the first chunk, then acts."""

    def __init__(
        self, chunks: Iterable[bytes | memoryview], act: Callable[[], None]
    ) -> None:
        self._chunks = chunks
        self._act = act

    def __iter__(self) -> Iterator[bytes | memoryview]:
        acted = False
        for chunk in self._chunks:
            if not acted and len(chunk) > 1:
                acted = True
                yield chunk[: len(chunk) // 2]
                self._act()
                yield chunk[len(chunk) // 2 :]
            else:
                yield chunk


def install(plan: Plan) -> None:
    """Wrap the plan's functions in this process."""
    point = POINTS[plan.step]
    act = _counted(plan)
    for owner, name in point.functions:
        function = getattr(owner, name)
        setattr(owner, name, _wrapped(function, plan, point, act))


def _wrapped(
    function: Callable[..., Any],
    plan: Plan,
    point: Point,
    act: Callable[[], None],
) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if plan.where == "after":
            result = function(*args, **kwargs)
            if point.wanted(args, result):
                act()
            return result
        if not point.wanted(args, None):
            return function(*args, **kwargs)
        if plan.where == "before":
            act()
            return function(*args, **kwargs)
        bank, key, chunks = args
        return function(bank, key, _HalfChunks(chunks, act), **kwargs)

    return wrapper


def _counted(plan: Plan) -> Callable[[], None]:
    lock = threading.Lock()
    left = plan.count

    def act() -> None:
        nonlocal left
        with lock:
            left -= 1
            now = left == 0
        if now:
            ACTIONS[plan.action]()

    return act


def slow_down(seconds: float) -> None:
    """Let every put of a data object take that much longer."""
    function = getattr(*_BATCH_PUT)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        time.sleep(seconds)
        return function(*args, **kwargs)

    setattr(*_BATCH_PUT, wrapper)


def keep_journal(path: pathlib.Path) -> None:
    """Let every object of data that was put be a line of a file."""
    for owner, name in _PUTS:
        setattr(owner, name, _noted(getattr(owner, name), path))


def _noted(
    function: Callable[..., Any], path: pathlib.Path
) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(bank: Any, key: str, *args: Any, **kwargs: Any) -> Any:
        result = function(bank, key, *args, **kwargs)
        if "/data_" in key:
            with path.open("a") as file:
                file.write(f"{kwargs['size']} {key}\n")
        return result

    return wrapper
