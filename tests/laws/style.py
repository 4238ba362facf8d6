"""The laws about how code is written: size, names, errors, chance, values. Parsed modules in, breaches out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from tests.laws.source import Breach, Module, calls_of, dotted, folder_of, imports_of, is_true, last_name

# `except Exception` belongs to the job runner, the Discord error handler and `main`.
CATCH_ALL_HOMES = ("engine/jobs/", "bot/errors.py", "bot/__main__.py", "engine/__main__.py")

VAGUE_NAMES = frozenset({"utils", "util", "common", "helpers", "helper", "misc"})

LONGEST_MODULE = 500

LONGEST_FUNCTION = 80

# Alembic runs this file by importing it.
WORKS_AT_IMPORT = frozenset({"engine/store/migrations/env.py"})

WORKING_CALLS = frozenset(
    {"open", "print", "input", "read_text", "read_bytes", "run", "Popen", "getenv", "mkdir", "read"}
)


def data_is_read_without_running_it(modules: Sequence[Module]) -> Iterator[Breach]:
    """No `torch.load` without `weights_only=True`, no `allow_pickle=True`, no `eval` and no `exec`."""
    for module in modules:
        for call in calls_of(module):
            name, arguments = dotted(call.func), {word.arg: word.value for word in call.keywords}
            if name == "torch.load" and not is_true(arguments.get("weights_only")):
                yield Breach(path=module.path, line=call.lineno, text="torch.load needs weights_only=True")
            if is_true(arguments.get("allow_pickle")):
                yield Breach(path=module.path, line=call.lineno, text="allow_pickle=True runs code from a file")
            if name in {"eval", "exec"}:
                yield Breach(path=module.path, line=call.lineno, text=f"{name} runs code from a string")


def everything_is_caught_in_three_places_only(modules: Sequence[Module]) -> Iterator[Breach]:
    """`except Exception` in the job runner, the Discord error handler and `main`; clean-up that re-raises may stand."""
    for module in modules:
        if module.path.startswith(CATCH_ALL_HOMES):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _raises_again(node):
                yield Breach(path=module.path, line=node.lineno, text="catch the errors that can happen here, by name")


def names_say_what_is_inside(modules: Sequence[Module]) -> Iterator[Breach]:
    """No module or folder called utils, common or helpers."""
    for module in modules:
        for part in module.name.split("."):
            if part.strip("_") in VAGUE_NAMES:
                yield Breach(path=module.path, line=1, text=f"{part!r} says nothing; name the module after its content")


def modules_and_functions_are_short(modules: Sequence[Module]) -> Iterator[Breach]:
    """A module past 500 lines, a function past 80, is two things."""
    for module in modules:
        lines = module.text.count("\n")
        if lines > LONGEST_MODULE:
            yield Breach(path=module.path, line=lines, text=f"{lines} lines; {LONGEST_MODULE} is the limit")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    text = f"{node.name} has {length} lines; {LONGEST_FUNCTION} is the limit"
                    yield Breach(path=module.path, line=node.lineno, text=text)


def every_module_says_what_it_is(modules: Sequence[Module]) -> Iterator[Breach]:
    """Each module opens with a docstring."""
    for module in modules:
        if not ast.get_docstring(module.tree):
            yield Breach(path=module.path, line=1, text="the module has no docstring")


def importing_does_no_work(modules: Sequence[Module]) -> Iterator[Breach]:
    """At a module's top stand definitions and constants: no bare call, no loop, nothing read, started or printed."""
    for module in modules:
        if module.path in WORKS_AT_IMPORT:
            continue
        for node in module.tree.body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                if last_name(node.value.func) != "add_typer":
                    yield Breach(path=module.path, line=node.lineno, text="a call at import")
            elif isinstance(node, ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith):
                yield Breach(path=module.path, line=node.lineno, text="a loop or block at import")
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                yield from _working_constants(module, node.value)


def chance_has_its_own_generator(modules: Sequence[Module]) -> Iterator[Breach]:
    """No draw from, and no seed of, the generators that the whole process shares (torch's while training excepted)."""
    of_numpy = {"default_rng", "Generator", "PCG64", "SeedSequence", "Philox", "BitGenerator"}
    for module in modules:
        for call in calls_of(module):
            name = dotted(call.func)
            owner, _, last = name.rpartition(".")
            shared = (
                (owner == "random" and last not in {"Random", "SystemRandom"})
                or (owner in {"np.random", "numpy.random"} and last not in of_numpy)
                or (
                    name == "torch.manual_seed"
                    and not module.path.startswith(("engine/model/training", "engine/model/tutorial", "engine/learn/"))
                )
            )
            if shared:
                yield Breach(path=module.path, line=call.lineno, text=f"{name} uses a generator that everybody shares")


def waiting_loses_no_cancellation(modules: Sequence[Module]) -> Iterator[Breach]:
    """No `asyncio.wait_for`: before Python 3.12 it loses a cancellation that comes just when it is done."""
    for module in modules:
        for call in calls_of(module):
            if dotted(call.func) == "asyncio.wait_for":
                yield Breach(path=module.path, line=call.lineno, text="use asyncio.timeout instead of asyncio.wait_for")


def values_that_cross_folders_are_frozen(modules: Sequence[Module]) -> Iterator[Breach]:
    """A dataclass that another folder imports is frozen, slotted and keyword-only (private fields: no value)."""
    by_name = {module.name: module for module in modules}
    for module in modules:
        for found in imports_of(module, by_name):
            source = by_name.get(found.target)
            if source is None or found.taken is None or folder_of(module.name) == folder_of(source.name):
                continue
            node = next((n for n in source.tree.body if isinstance(n, ast.ClassDef) and n.name == found.taken), None)
            missing = _missing_marks(node) if node is not None else ()
            if node is not None and missing and _has_public_fields(node):
                text = f"{node.name} crosses into {folder_of(module.name)}; say {', '.join(missing)}"
                yield Breach(path=source.path, line=node.lineno, text=text)


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(last_name(kind) in {"Exception", "BaseException"} for kind in caught)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _working_constants(module: Module, value: ast.expr) -> Iterator[Breach]:
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and last_name(node.func) in WORKING_CALLS:
            yield Breach(path=module.path, line=node.lineno, text=f"{last_name(node.func)} at import")
        if isinstance(node, ast.Attribute) and dotted(node) == "os.environ":
            yield Breach(path=module.path, line=node.lineno, text="the environment is read in main()")


def _missing_marks(node: ast.ClassDef) -> tuple[str, ...]:
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        if last_name(call.func if call else decorator) == "dataclass":
            said = {word.arg for word in call.keywords if is_true(word.value)} if call else set()
            return tuple(f"{mark}=True" for mark in ("frozen", "slots", "kw_only") if mark not in said)
    return ()


def _has_public_fields(node: ast.ClassDef) -> bool:
    fields = [
        part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    ]
    return any(not name.startswith("_") for name in fields)
