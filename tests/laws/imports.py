"""The laws about imports: who may know whom. Parsed modules in, breaches out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from tests.laws.source import Breach, Module, folder_of, imports_of

LAYERS: Mapping[str, int] = {
    "engine.errors": 0,
    "engine.settings": 1,
    "engine.music": 2,
    "engine.model": 2,
    "engine.jobs": 2,
    "engine.store": 2,
    "engine.text": 2,
    "engine.metrics": 3,
    "engine.grammar": 3,
    "engine.compose": 4,
    "engine.learn": 4,
    "engine.taste": 4,
    "engine.evaluate": 4,
    "engine.dispatch": 5,
    "engine.studio": 6,
    "engine.operations": 7,
    "engine": 8,  # the public names, for whoever stands outside
    "engine.doctor": 9,
    "engine.cli": 10,
    "engine.__main__": 11,
    "bot": 12,
}

# Import name → where it may stand. A package that is slow to load, large, or apt to change has one home.
HOMES: Mapping[str, tuple[str, ...]] = {
    "discord": ("bot/",),
    "torch": ("engine/model/", "engine/learn/train", "engine/compose/generate.py", "engine/text/encoder.py"),
    "safetensors": ("engine/model/", "engine/text/head.py"),
    "transformers": ("engine/text/encoder.py",),
    "matplotlib": ("engine/evaluate/pictures.py",),
    "sklearn": ("engine/evaluate/learners.py", "engine/taste/preference.py"),
    "choix": ("engine/taste/ratings.py",),
    "symusic": ("engine/music/midi/",),
    "music21": (
        "engine/learn/sources/scores.py",  # reads scores
        "engine/compose/files/musicxml.py",  # writes them
    ),
    "midi2audio": ("engine/compose/render.py",),
    "fluidsynth": ("engine/compose/render.py",),
    "lameenc": ("engine/compose/files/mp3.py",),
    "av": ("engine/compose/files/opus.py", "engine/learn/uploads/sound.py"),
    "soundfile": ("engine/compose/files/lossless.py",),
    "PIL": ("engine/compose/picture", "engine/compose/files/cover.py"),
    "basic_pitch": ("engine/learn/transcribe/pitches.py",),
    "onnxruntime": ("engine/learn/transcribe/pitches.py",),
    "ray": ("engine/jobs/on_ray.py",),
    "prometheus_client": ("engine/operations/",),
    "pythonjsonlogger": ("engine/operations/logs.py",),
    "sqlalchemy": ("engine/store/",),
    "alembic": ("engine/store/",),
    "fsspec": ("engine/store/objects.py",),
    "obstore": ("engine/store/objects.py",),
    "typer": ("engine/cli/", "engine/__main__.py"),
}

# For tests and checks alone, or not allowed by the licence (GPL), or not safe to read data with.
NEVER_IMPORTED = frozenset(
    {
        "pytest",
        "hypothesis",
        "jsonschema",
        "pyloudnorm",
        "librosa",
        "numba",
        "pedalboard",
        "mutagen",
        "pickle",
        "dill",
        "joblib",
        "shelve",
    }
)


def imports_flow_one_way(modules: Sequence[Module]) -> Iterator[Breach]:
    """A folder imports only folders of a lower layer; neighbours of one layer know nothing of each other."""
    known = [module.name for module in modules]
    for module in modules:
        own = folder_of(module.name)
        if own is None or own not in LAYERS:
            yield Breach(
                path=module.path, line=1, text=f"{own} has no place in the layers; give it one in tests/laws/imports.py"
            )
            continue
        for found in imports_of(module, known):
            other = folder_of(found.target)
            if other is None or other == own:
                continue
            if other not in LAYERS or LAYERS[other] >= LAYERS[own]:
                yield Breach(path=module.path, line=found.line, text=f"{own} may not import {found.target}")


def imports_make_no_cycle(modules: Sequence[Module]) -> Iterator[Breach]:
    """No module reaches itself by following imports, not even by one inside a function."""
    names = {module.name: module for module in modules}
    graph = {
        module.name: {found.target: found.line for found in imports_of(module, names) if found.target in names}
        for module in modules
    }
    for start in sorted(graph):
        way = _way_back(graph, start)
        if way and start == min(way):
            line = graph[start][way[1] if len(way) > 1 else start]
            text = f"imports go round: {' → '.join([*way, start])}"
            yield Breach(path=names[start].path, line=line, text=text)


def the_bot_sees_only_public_names(modules: Sequence[Module]) -> Iterator[Breach]:
    """`bot/` takes from the engine what `engine/__init__.py` lists in `__all__`, by `from engine import …` alone."""
    public = _public_names(next((module for module in modules if module.name == "engine"), None))
    for module in modules:
        if folder_of(module.name) != "bot":
            continue
        for found in imports_of(module, ()):
            if found.target.split(".")[0] != "engine":
                continue
            if found.target != "engine" or found.taken not in public:
                name = found.target if found.taken is None else f"{found.target}.{found.taken}"
                yield Breach(
                    path=module.path, line=found.line, text=f"{name} is not among the names that engine exports"
                )


def heavy_packages_stay_at_home(modules: Sequence[Module]) -> Iterator[Breach]:
    """Each package of `HOMES` is imported in its home alone."""
    for module in modules:
        for found in imports_of(module, ()):
            package = found.target.split(".")[0]
            homes = HOMES.get(package)
            if homes is not None and not module.path.startswith(homes):
                yield Breach(path=module.path, line=found.line, text=f"{package} belongs to {', '.join(homes)} alone")


def some_packages_are_never_imported(modules: Sequence[Module]) -> Iterator[Breach]:
    """Test tools, GPL libraries and pickle stay out."""
    for module in modules:
        for found in imports_of(module, ()):
            package = found.target.split(".")[0]
            if package in NEVER_IMPORTED:
                yield Breach(path=module.path, line=found.line, text=f"{package} may not be imported here")


def _way_back(graph: Mapping[str, Mapping[str, int]], start: str) -> list[str]:
    """The shortest way from a module along imports back to it, without the return; empty when there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for target in graph[way[-1]]:
            if target == start:
                return way
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def _public_names(package: Module | None) -> frozenset[str]:
    for node in package.tree.body if package else ():
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=parts) | ast.Tuple(elts=parts)):
                return frozenset(
                    part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )
    return frozenset()
