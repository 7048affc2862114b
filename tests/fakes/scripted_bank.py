# SPDX-License-Identifier: Apache-2.0
"""A bank that fails, lies or damages what it holds, as a test tells it."""

import builtins
import contextlib
import hashlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from typing import ClassVar

from karbor_copy.banks import base
from karbor_copy.providers import provider as provider_model


def _nothing(call: str, key: str) -> None:
    """Let the call pass."""


class Script:
    """What a bank does beside its work; a test may change it any time.

    ``before`` and ``after`` are called with the name of the method and the
    key, ``put`` also for an exclusive one, ``copy`` for one that the bank
    copies by itself, and ``flush`` at the end of a batch; ``before`` may
    raise. Puts and copies of keys for which ``drops`` says so are answered
    as if they had been done.
    """

    def __init__(self) -> None:
        self.before: Callable[[str, str], None] = _nothing
        self.after: Callable[[str, str], None] = _nothing
        self.drops: Callable[[str], bool] = lambda key: False

    def reset(self) -> None:
        """Behave from now on."""
        self.before = _nothing
        self.after = _nothing
        self.drops = lambda key: False


class _Writer:
    def __init__(
        self,
        script: Script,
        put: Callable[..., Any],
        copy_from: Callable[..., Any],
    ) -> None:
        self._script = script
        self._put = put
        self._copy_from = copy_from

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        self._script.before("put", key)
        if self._script.drops(key):
            sha256 = hashlib.sha256()
            for chunk in chunks:
                sha256.update(chunk)
            return base.ObjectInfo(
                key=key, size=size, digests={"sha256": sha256.hexdigest()}
            )
        info: base.ObjectInfo = self._put(
            key, chunks, size=size, digests=digests, serialized=serialized
        )
        self._script.after("put", key)
        return info

    def copy_from(
        self,
        bank: base.Bank,
        source_key: str,
        key: str,
        *,
        size: int,
        serialized: bool,
    ) -> Mapping[str, str] | None:
        self._script.before("copy", key)
        if self._script.drops(key):
            return {}
        told: Mapping[str, str] | None = self._copy_from(
            bank.bare if isinstance(bank, ScriptedBank) else bank,
            source_key,
            key,
            size=size,
            serialized=serialized,
        )
        self._script.after("copy", key)
        return told


class ScriptedBank(base.Bank):
    """Any bank, behind a script."""

    OPTS: ClassVar[builtins.list[Any]] = []
    GROUP = ""

    def __init__(self, bank: base.Bank, script: Script) -> None:
        self.bare = self._bank = bank
        self._script = script
        self._writer = _Writer(script, bank.put, bank.copy_from)
        self._new_writer = _Writer(script, bank.put_new, bank.copy_from)

    @property
    def properties(self) -> base.Properties:
        return self._bank.properties

    @property
    def location(self) -> str:
        return self._bank.location

    def set_up(self) -> None:
        self._bank.set_up()

    def put(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        return self._writer.put(
            key, chunks, size=size, digests=digests, serialized=serialized
        )

    def copy_from(
        self,
        bank: base.Bank,
        source_key: str,
        key: str,
        *,
        size: int,
        serialized: bool,
    ) -> Mapping[str, str] | None:
        return self._writer.copy_from(
            bank, source_key, key, size=size, serialized=serialized
        )

    def put_new(
        self,
        key: str,
        chunks: Iterable[bytes | memoryview],
        *,
        size: int,
        digests: Mapping[str, str] | None = None,
        serialized: bool = False,
    ) -> base.ObjectInfo:
        return self._new_writer.put(
            key, chunks, size=size, digests=digests, serialized=serialized
        )

    def open(
        self, key: str, offset: int = 0, length: int | None = None
    ) -> contextlib.AbstractContextManager[base.Reader]:
        self._script.before("open", key)
        return self._bank.open(key, offset, length)

    def stat(self, key: str) -> base.ObjectInfo:
        self._script.before("stat", key)
        return self._bank.stat(key)

    def list(
        self,
        prefix: str = "",
        marker: str | None = None,
        limit: int | None = None,
        delimiter: str | None = None,
    ) -> Iterator[base.ObjectInfo]:
        self._script.before("list", prefix)
        return self._bank.list(prefix, marker, limit, delimiter)

    def delete(self, key: str) -> None:
        self._script.before("delete", key)
        self._bank.delete(key)

    def delete_leftovers(self, prefix: str, check: Callable[[], None]) -> int:
        self._script.before("delete_leftovers", prefix)
        return self._bank.delete_leftovers(prefix, check)

    def sharing(self, prefix: str) -> Mapping[str, Sequence[str]]:
        self._script.before("sharing", prefix)
        return self._bank.sharing(prefix)

    @contextlib.contextmanager
    def batch(self) -> Iterator[base.Writer]:
        self._script.before("batch", "")
        with self._bank.batch() as writer:
            yield _Writer(self._script, writer.put, writer.copy_from)
            self._script.before("flush", "")


class ScriptedProvider(provider_model.Provider):
    """A provider whose bank goes by a script."""

    __slots__ = ("script",)

    script: Script

    def make_bank(self) -> base.Bank:
        return ScriptedBank(super().make_bank(), self.script)


def scripted(
    provider: provider_model.Provider, script: Script
) -> ScriptedProvider:
    """Return the provider with its bank behind a script."""
    made = ScriptedProvider(
        **{
            field.name: getattr(provider, field.name)
            for field in fields(provider)
            if field.init
        }
    )
    object.__setattr__(made, "script", script)
    return made
