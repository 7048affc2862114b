# SPDX-License-Identifier: Apache-2.0
"""The project's own flake8 checks; HACKING.rst lists them."""

import ast
import pathlib
from collections.abc import Iterator

Finding = tuple[int, str]

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_FUNCTION_LINES = 40
MAX_FILE_LINES = 300
REGISTER = {
    "register_cli_opt",
    "register_cli_opts",
    "register_group",
    "register_opt",
    "register_opts",
}
RULES = {"DocumentedRuleDefault", "RuleDefault"}

K101 = "K101: revert must take **kwargs"
K102 = "K102: options belong in karbor_copy/conf (or a driver's OPTS)"
K103 = "K103: policy rules belong in karbor_copy/policies"
K104 = "K104: only karbor_copy/concurrency.py imports oslo_service"
K105 = "K105: take the status from karbor_copy.data_models.status"
K106 = f"K106: a function has at most {MAX_FUNCTION_LINES} lines"
K107 = f"K107: a file has at most {MAX_FILE_LINES} lines"


def _called_name(node: ast.Call) -> str:
    """Return the last part of the name that a call calls."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_text(node: ast.expr) -> bool:
    """Tell whether a node is a string, or a display with one in it."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(_is_text(element) for element in node.elts)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_status(node: ast.expr) -> bool:
    """Tell whether a node is ``status``, ``x.status`` or ``x["status"]``."""
    match node:
        case ast.Name(id="status") | ast.Attribute(attr="status"):
            return True
        case ast.Subscript(slice=ast.Constant(value="status")):
            return True
    return False


def check_revert(tree: ast.AST) -> Iterator[Finding]:
    """Find a ``revert`` that taskflow could not call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if (
                    isinstance(item, ast.FunctionDef)
                    and item.name == "revert"
                    and item.args.kwarg is None
                ):
                    yield item.lineno, K101


def _driver_options(tree: ast.AST) -> set[ast.AST]:
    """Return the nodes inside a module's ``OPTS`` constants."""
    inside: set[ast.AST] = set()
    for node in ast.iter_child_nodes(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(
            isinstance(target, ast.Name) and target.id.endswith("OPTS")
            for target in targets
        ):
            inside.update(ast.walk(node))
    return inside


def check_options(tree: ast.AST, package: str) -> Iterator[Finding]:
    """Find options made or registered outside their place."""
    if package == "conf":
        return
    drivers = package in {"banks", "plugins", "providers"}
    allowed = _driver_options(tree) if drivers else set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or node in allowed:
            continue
        match node.func:
            case ast.Attribute(value=ast.Name(id="cfg"), attr=name):
                # A command's own sub-commands are no service option.
                if name.endswith("Opt") and not (
                    package == "cmd" and name == "SubCommandOpt"
                ):
                    yield node.lineno, K102
            case ast.Attribute(attr=name) if name in REGISTER:
                # The registry puts a driver's OPTS on the provider's file.
                if package not in {"cmd", "providers"}:
                    yield node.lineno, K102


def check_rules(tree: ast.AST, package: str) -> Iterator[Finding]:
    """Find policy rules made outside their place."""
    if package == "policies":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called_name(node) in RULES:
            yield node.lineno, K103


def check_oslo_service(tree: ast.AST) -> Iterator[Finding]:
    """Find imports that could select the eventlet backend."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        if any(name.split(".")[0] == "oslo_service" for name in names):
            yield node.lineno, K104


def _is_bare_status(node: ast.AST) -> bool:
    """Tell whether a node compares, passes or assigns a status string."""
    match node:
        case ast.Compare(left=left, comparators=others):
            sides = [left, *others]
            return any(map(_is_status, sides)) and any(map(_is_text, sides))
        case ast.keyword(arg="status", value=value):
            return _is_text(value)
        case ast.Assign(targets=targets, value=value):
            return any(map(_is_status, targets)) and _is_text(value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            return _is_status(target) and _is_text(value)
    return False


def check_status(tree: ast.AST) -> Iterator[Finding]:
    """Find statuses written as bare strings."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr | ast.stmt | ast.keyword):
            continue
        if _is_bare_status(node):
            yield node.lineno, K105


def check_function_length(tree: ast.AST) -> Iterator[Finding]:
    """Find functions that do too much, their docstrings not counted."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        first = node.body[0]
        if ast.get_docstring(node, clean=False) is not None:
            lines -= (first.end_lineno or first.lineno) - first.lineno + 1
        if lines > MAX_FUNCTION_LINES:
            yield node.lineno, K106


def check_file_length(lines: list[str]) -> Iterator[Finding]:
    """Find files that hold more than one responsibility."""
    if len(lines) > MAX_FILE_LINES:
        yield MAX_FILE_LINES + 1, K107


def find(tree: ast.AST, path: str, lines: list[str]) -> Iterator[Finding]:
    """Run every check that holds for a file of the package."""
    file = (ROOT / path).resolve()
    if file.is_relative_to(ROOT / "karbor_copy_tempest_plugin"):
        yield from check_function_length(tree)
        yield from check_file_length(lines)
    if not file.is_relative_to(ROOT / "karbor_copy"):
        return
    inner = file.relative_to(ROOT / "karbor_copy").parts
    package = inner[0]
    yield from check_revert(tree)
    yield from check_options(tree, package)
    yield from check_rules(tree, package)
    if package != "concurrency.py":
        yield from check_oslo_service(tree)
    # The client stands apart and knows the wire's words only.
    if package != "client" and inner != ("data_models", "status.py"):
        yield from check_status(tree)
    yield from check_function_length(tree)
    yield from check_file_length(lines)


class LocalChecks:
    """What flake8 calls, once a file."""

    def __init__(self, tree: ast.AST, filename: str, lines: list[str]) -> None:
        self._tree = tree
        self._filename = filename
        self._lines = lines

    def run(self) -> Iterator[tuple[int, int, str, type]]:
        """Yield line, column, text and origin of each finding."""
        for line, text in find(self._tree, self._filename, self._lines):
            yield line, 0, text, type(self)
