"""The mistakes that are tried: every place of a module where one token could be another."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult}
NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}

NOT_LOOKED_INTO = (
    *("annotation", "returns", "bases", "ctx", "op", "ops", "names"),
    ("decorator_list", ast.ClassDef),
    ("type", ast.ExceptHandler),
)

SQL = re.compile(r"\b(UPDATE|INSERT|SELECT|VALUES|CAST|TRUE)\b")
SQL_CHANGES = [
    (r"(?<= )>=(?= )", ">"),
    (r"(?<= )>=(?= )", "<"),
    (r"(?<= )\+(?= )", "-"),
    (r"(?<= )-(?= )", "+"),
    (r"(?<= )-(?=CAST)", ""),
    (r"\bAND\b", "OR"),
    (r"\bTRUE\b", "FALSE"),
]


@dataclass(frozen=True)
class Mutant:
    """A module with one change; its name does not depend on line numbers."""

    path: str
    function: str  # empty for what stands in no function
    name: str
    line: int
    code: CodeType


def mutants(path: str, source: str, replacements: Sequence[tuple[str, str]]) -> Iterator[Mutant]:
    """Every mutant of a module, and those that are written down as replacements of its text."""
    tree = ast.parse(source)
    times: Counter[str] = Counter()
    for place in _places(tree):
        old = place.holder[place.key]
        for new, words in _changes(place):
            place.holder[place.key] = new
            code = compile(ast.fix_missing_locations(tree), path, "exec")
            place.holder[place.key] = old
            name = f"{place.function or 'module'}: {words or f'{_shown(old)} → {_shown(new)}'}"
            times[name] += 1
            name += f" (#{times[name]})" if times[name] > 1 else ""
            yield Mutant(path, place.function, name, place.line, code)
    for text, instead in replacements:
        if source.count(text) != 1:
            raise LookupError(f"{path} has {text!r} {source.count(text)} times, not once")
        line = source[: source.index(text)].count("\n") + 1
        code = compile(source.replace(text, instead), path, "exec")
        yield Mutant(path, "", f"module: {text} → {instead}", line, code)


CALLED = "__called__"


def telling(path: str, source: str) -> CodeType:
    """A module of which every function tells `CALLED` that it begins."""
    tree = ast.parse(source)
    for place in list(_places(tree)):
        node = place.holder[place.key]
        if isinstance(node, ast.FunctionDef):
            what = ast.Constant(f"{path}::{place.function}")
            tell = ast.Call(ast.Name(CALLED, ast.Load()), [what], [])
            node.body.insert(0, ast.Expr(tell))
    return compile(ast.fix_missing_locations(tree), path, "exec")


@dataclass
class _Place:
    """A node where it stands, which can be replaced by `holder[key] = …`."""

    holder: Any
    key: Any
    parent: ast.AST
    function: str
    line: int
    for_people: bool  # a message, which might as well be in other words


def _places(
    node: ast.AST, function: str = "", line: int = 0, for_people: bool = False
) -> Iterator[_Place]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        function = f"{function}.{node.name}".lstrip(".")
    for_people = for_people or isinstance(node, ast.Raise)
    for name, value in ast.iter_fields(node):
        if name in NOT_LOOKED_INTO or (name, type(node)) in NOT_LOOKED_INTO:
            continue
        children = enumerate(value) if isinstance(value, list) else [(name, value)]
        holder = value if isinstance(value, list) else vars(node)
        for key, child in children:
            if not isinstance(child, ast.AST) or _is_docstring(child):
                continue
            at = getattr(child, "lineno", line)
            within = child.name if isinstance(child, ast.FunctionDef) else ""
            inside = f"{function}.{within}".strip(".")
            yield _Place(holder, key, node, inside, at, for_people)
            yield from _places(child, function, at, for_people)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(place: _Place) -> Iterator[tuple[ast.AST, str]]:
    """What could stand there instead, with the words for it where its source would be too long."""
    node = place.holder[place.key]
    match node:
        case ast.Compare(left, [operator], others):
            for other in COMPARISONS[type(operator)]:
                yield ast.Compare(left, [other()], others), ""
        case ast.Compare(left, operators, others):
            for n, operator in enumerate(operators):
                for other in COMPARISONS[type(operator)]:
                    instead = operators[:n] + [other()] + operators[n + 1 :]
                    yield ast.Compare(left, instead, others), ""
        case ast.BinOp(left, operator, right) if type(operator) in ARITHMETIC:
            yield ast.BinOp(left, ARITHMETIC[type(operator)](), right), ""
        case ast.BinOp(left, ast.BitOr(), right):
            yield left, ""
            yield right, ""
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values), ""
            for n in range(len(values)):
                yield _without(node, "values", n), f"{_shown(values[n])} left out of {_shown(node)}"
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand, ""
        case ast.IfExp(_, one, other):
            yield one, ""
            yield other, ""
        case ast.Constant(bool(value)):
            yield ast.Constant(not value), ""
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1), f"{value} → {value + 1} in {_shown(place.parent)}"
        case ast.Constant(str(text)) if not place.function and SQL.search(text):
            yield from _sql_changes(text)
        case ast.Constant(str(text)) if not place.for_people and not _is_sql_part(place):
            yield ast.Constant("mutant"), ""
        case ast.FormattedValue() if place.function and not place.for_people:
            yield ast.Constant("mutant"), f"{_shown(node.value)} → mutant in {_shown(place.parent)}"
        case ast.Name(name) if name in NAMES:
            yield ast.Name(NAMES[name], ast.Load()), f"{name} → {NAMES[name]}"
        case ast.Call():
            yield from _forgotten(node)
        case ast.comprehension(target, source, conditions) if conditions:
            yield ast.comprehension(target, source, [], 0), f"without if {_shown(conditions[0])}"
        case ast.If(test, body, otherwise):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, otherwise), f"if not ({_shown(test)})"
        case ast.ExceptHandler(kind, name):
            yield ast.ExceptHandler(kind, name, [ast.Raise()]), f"{_shown(kind)} is not caught"
        case ast.FunctionDef(name):
            for n, decorator in enumerate(node.decorator_list):
                yield _without(node, "decorator_list", n), f"without @{_shown(decorator)}"
        case ast.Raise() | ast.Assign([ast.Attribute()]) | ast.Expr(ast.Call()):
            yield ast.Pass(), f"without {_shown(node)}"
        case ast.AugAssign(target, operator, value):
            yield ast.Pass(), f"without {_shown(node)}"
            if type(operator) in ARITHMETIC:
                yield ast.AugAssign(target, ARITHMETIC[type(operator)](), value), ""
        case ast.Return(value) if value and not _is_none(value):
            yield ast.Return(ast.Constant(None)), f"without {_shown(node)}"
    if isinstance(place.parent, ast.Dict) and place.holder is place.parent.values:
        key = place.parent.keys[place.key]
        if not _is_none(node) and place.function and isinstance(key, ast.Constant):
            yield ast.Constant(None), f"{key.value!r}: {_shown(node)} → None"


def _is_sql_part(place: _Place) -> bool:
    """Pieces of SQL that have no sign, and the keys of dicts, whose changes are plain errors."""
    if isinstance(place.parent, ast.Dict):
        return place.holder is place.parent.keys
    return not place.function and isinstance(place.parent, ast.JoinedStr)


def _forgotten(node: ast.Call) -> Iterator[tuple[ast.AST, str]]:
    """An argument, or a link in a chain of calls, that is not there."""
    called = _shown(node.func) if isinstance(node.func, ast.Name) else ""
    if isinstance(node.func, ast.Attribute):
        called = f".{node.func.attr}"
        if isinstance(node.func.value, ast.Call):
            yield node.func.value, f"without {called}({', '.join(map(_shown, node.args))})"
        if node.func.attr in ("where", "order_by") and len(node.args) > 1:
            for n, argument in enumerate(node.args):
                yield _without(node, "args", n), f"{called} without {_shown(argument)}"
    for n, keyword in enumerate(node.keywords):
        yield (
            _without(node, "keywords", n),
            f"{called} without {keyword.arg}={_shown(keyword.value)}",
        )


def _sql_changes(text: str) -> Iterator[tuple[ast.AST, str]]:
    for pattern, instead in SQL_CHANGES:
        for found in re.finditer(pattern, text):
            changed = text[: found.start()] + instead + text[found.end() :]
            before, after = text[: found.start()].split(), text[found.end() :].split()
            sides = " ".join(before[-3:]), " ".join(after[:3])
            old, new = (f"{sides[0]} {sign} {sides[1]}" for sign in (found.group(), instead))
            yield ast.Constant(changed), f"{old} → {new}"


def _without(node: Any, field: str, n: int) -> ast.AST:
    fields = dict(ast.iter_fields(node))
    kept = fields[field][:n] + fields[field][n + 1 :]
    if isinstance(node, ast.BoolOp) and len(kept) == 1:
        return kept[0]
    return type(node)(**(fields | {field: kept}))


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _shown(node: ast.AST) -> str:
    """A node's source in one line."""
    if isinstance(node, ast.keyword):
        return f"{node.arg}={_shown(node.value)}"
    words = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return words if len(words) <= 100 else f"{words[:60]} … {words[-37:]}"
