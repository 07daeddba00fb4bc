"""The small steps by which a file is changed, each within a function."""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType

COMPARED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COMPUTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.BitOr: ast.BitAnd}
NAMED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """`before` and `after` are the changed expression or statement; `tree` is the whole file with it."""

    path: Path
    function: str
    line: int
    before: str
    after: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.path} {self.function}: `{self.before}` → `{self.after}`"


def mutants_of(path: Path, source: str) -> Iterator[Mutant]:
    """Every step that there is in the functions of a file."""
    tree = ast.parse(source)
    for function, place in _places(tree):
        node = place(tree)
        for other in _others(node):
            changed = deepcopy(tree)
            _replace(changed, node, other)
            yield Mutant(path, function, node.lineno, _text(node), _text(other), ast.fix_missing_locations(changed))


def apply(mutant: Mutant, filename: str) -> int:
    """Puts the changed code into every function of the file that exists. Returns how many there were."""
    new = {(code.co_qualname, code.co_firstlineno): code for code in _codes(compile(mutant.tree, filename, "exec"))}
    functions = [each for each in gc.get_objects() if type(each) is FunctionType]
    concerned = [each for each in functions if each.__code__.co_filename == filename]
    for each in concerned:
        code = new.get((each.__code__.co_qualname, each.__code__.co_firstlineno))
        if code is not None and code.co_freevars == each.__code__.co_freevars:
            each.__code__ = code
    return len(concerned)


Place = Callable[[ast.Module], ast.expr | ast.stmt]


def _places(tree: ast.Module) -> Iterator[tuple[str, Place]]:
    """What can be changed, with the function that it is in."""
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for statement in function.body:
                for node in ast.walk(statement):
                    if isinstance(node, (ast.expr, ast.stmt)) and not _is_docstring(node, function):
                        yield function.name, lambda tree, node=node: node  # type: ignore[misc]


def _is_docstring(node: ast.AST, function: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _others(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and (other := COMPARED.get(type(node.ops[0]))):
        yield _with(node, ops=[other()])
    elif isinstance(node, ast.BinOp) and (computed := COMPUTED.get(type(node.op))):
        yield _with(node, op=computed())
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Name) and node.id in NAMED:
        yield _with(node, id=NAMED[node.id])
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node)
    elif isinstance(node, ast.IfExp):
        yield _with(node, body=node.orelse, orelse=node.body)
    elif isinstance(node, ast.If):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Return) and node.value is not None:
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield _with(node, value=ast.Constant(None))
    elif isinstance(node, (ast.Raise, ast.Continue, ast.Break)) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield ast.copy_location(ast.Pass(), node)


def _other_constants(node: ast.Constant) -> Iterator[ast.AST]:
    """Not of sentences: their words are nobody's control."""
    if isinstance(node.value, bool):
        yield _with(node, value=not node.value)
    elif isinstance(node.value, int):
        yield _with(node, value=node.value + 1)
    elif isinstance(node.value, str) and node.value and " " not in node.value:
        yield _with(node, value=f"{node.value}X")


def _with(node: ast.AST, **changes: object) -> ast.AST:
    changed = type(node)(**{**dict(ast.iter_fields(node)), **changes})
    return ast.copy_location(changed, node)


def _replace(tree: ast.Module, node: ast.expr | ast.stmt, other: ast.AST) -> None:
    """In a copy of the tree the node is found by its kind and its place in the file."""
    at = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    class Replacing(ast.NodeTransformer):
        def visit(self, found: ast.AST) -> ast.AST:
            if type(found) is type(node) and at == tuple(
                getattr(found, name, None) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")
            ):
                return deepcopy(other)
            return self.generic_visit(found)

    Replacing().visit(tree)


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split("\n")[0].split())


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
