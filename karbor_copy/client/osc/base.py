# SPDX-License-Identifier: Apache-2.0
"""What the commands share: the client, the limit, JSON arguments."""

import abc
import argparse
import contextlib
import json
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import ClassVar
from typing import cast

from osc_lib.command import command

from karbor_copy.client.osc import display
from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import errors
from karbor_copy.client.v1 import transport

#: What ``openstack`` has before the words of every command.
PREFIX = "data protection"
#: The attribute of the shell's client manager.
API_NAME = "karbor_copy"


class Command(command.Command):
    """A command that has the bindings at hand."""

    @property
    def client(self) -> v1_client.Client:
        """Return the bindings; the shell's client manager makes them."""
        manager: object = self.app.client_manager
        return cast(v1_client.Client, getattr(manager, API_NAME))

    def find_provider(self, name_or_id: str) -> str:
        """Return the id of a provider.

        :raises ClientError: there is none, or more than one
        """
        return str(self.client.providers.find(name_or_id)["id"])

    def find_plan(self, name_or_id: str) -> transport.Item:
        """Return a plan.

        :raises ClientError: there is none, or more than one
        """
        return self.client.plans.find(name_or_id)

    @contextlib.contextmanager
    def next_steps(self, *steps: tuple[str, str]) -> Iterator[None]:
        """Add to a bad end how to go on: what for, and the command's words.

        :raises OperationFailed: the end was a bad one
        """
        try:
            yield
        except errors.OperationFailed as e:
            shell = self.app.NAME
            if (self.cmd_name or "").startswith(PREFIX):
                shell = f"{shell} {PREFIX}"
            lines = [f"{what}: {shell} {words}" for what, words in steps]
            raise errors.OperationFailed("\n".join([str(e), *lines])) from e


class Lister(Command, command.Lister, metaclass=command.CommandMeta):
    """A command that shows a list; ``NAMES`` are its columns."""

    NAMES: ClassVar[tuple[str, ...]]

    @abc.abstractmethod
    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return what to list."""

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """Return the table."""
        return display.table(self.items(parsed_args), self.NAMES)


class ShowOne(Command, command.ShowOne, metaclass=command.CommandMeta):
    """A command that shows one thing."""

    @abc.abstractmethod
    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Return what to show."""

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        """Return the names and the values."""
        return display.details(self.item(parsed_args))


def add_limit(parser: argparse.ArgumentParser) -> None:
    """Let a list be cut short."""
    parser.add_argument(
        "--limit",
        type=positive,
        metavar="<n>",
        help="show at most so many; all by default",
    )


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Take parameters of the plugins."""
    parser.add_argument(
        "--parameters-json",
        type=json_object,
        default={},
        metavar="<json>",
        help="parameters by resource type or type#id, for example "
        "'{\"OS::Cinder::Volume\": {}}'",
    )


def add_wait(parser: argparse.ArgumentParser) -> None:
    """Let a command wait for the end of what it begins."""
    parser.add_argument(
        "--wait",
        action="store_true",
        help="wait for the end; fail with the server's reason if it is a "
        "bad one",
    )


def positive(text: str) -> int:
    """Read a number above zero.

    :raises ArgumentTypeError: it is none
    """
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def json_object(text: str) -> transport.Item:
    """Read a JSON object.

    :raises ArgumentTypeError: it is none
    """
    try:
        value = json.loads(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"this is no JSON: {e}") from e
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON object")
    return value


def key_value(text: str) -> tuple[str, str]:
    """Read key=value.

    :raises ArgumentTypeError: it is something else
    """
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not key=value")
    return key, value
