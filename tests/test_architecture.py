"""The laws of the house, checked on the code that is here, and each law's check proved on a planted breach."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.laws import Law, Module, imports, read_modules, style

ROOT = Path(__file__).parents[1]
HEAVY = (
    "torch",
    "sklearn",
    "choix",
    "matplotlib",
    "onnxruntime",
    "music21",
    "transformers",
    "ray",
    "basic_pitch",
    "symusic",
    "scipy",
    "av",
    "fsspec",
    "obstore",
    "botocore",
)


@cache
def product() -> tuple[Module, ...]:
    """The code that people run."""
    return tuple(read_modules(ROOT, "bot", "engine"))


@cache
def everything() -> tuple[Module, ...]:
    """The same, and the code around it."""
    return tuple(read_modules(ROOT, "bot", "engine", "benchmarks", "tests"))


def assert_kept(law: Law, modules: tuple[Module, ...]) -> None:
    breaches = "\n".join(str(breach) for breach in law(modules))
    assert not breaches, f"{(law.__doc__ or '').splitlines()[0]}\n{breaches}"


def test_imports_flow_one_way() -> None:
    assert_kept(imports.imports_flow_one_way, product())


def test_no_import_leads_back_to_where_it_started() -> None:
    assert_kept(imports.imports_make_no_cycle, product())


def test_the_bot_takes_only_what_the_engine_exports() -> None:
    assert_kept(imports.the_bot_sees_only_public_names, product())


def test_every_heavy_package_has_one_home() -> None:
    assert_kept(imports.heavy_packages_stay_at_home, product())


def test_test_tools_foreign_licences_and_pickle_stay_out() -> None:
    assert_kept(imports.some_packages_are_never_imported, product())


def test_data_is_read_without_running_it() -> None:
    assert_kept(style.data_is_read_without_running_it, everything())


def test_everything_is_caught_in_three_places_only() -> None:
    assert_kept(style.everything_is_caught_in_three_places_only, product())


def test_module_names_say_what_is_inside() -> None:
    assert_kept(style.names_say_what_is_inside, everything())


def test_modules_and_functions_are_short() -> None:
    assert_kept(style.modules_and_functions_are_short, everything())


def test_every_module_says_what_it_is() -> None:
    assert_kept(style.every_module_says_what_it_is, product())


def test_importing_does_no_work() -> None:
    assert_kept(style.importing_does_no_work, product())


def test_chance_has_its_own_generator() -> None:
    assert_kept(style.chance_has_its_own_generator, product())


def test_waiting_loses_no_cancellation() -> None:
    assert_kept(style.waiting_loses_no_cancellation, product())


def test_values_that_cross_folders_are_frozen_slotted_and_keyword_only() -> None:
    assert_kept(style.values_that_cross_folders_are_frozen, product())


PLANTED: tuple[tuple[Law, dict[str, str], str], ...] = (
    (imports.imports_flow_one_way, {"engine/music/notes.py": "from engine.compose import plan"}, "engine.compose"),
    (imports.imports_flow_one_way, {"engine/music/notes.py": "from ..compose.plan import Plan"}, "engine.compose.plan"),
    (imports.imports_flow_one_way, {"engine/model/net.py": "def f():\n    import engine.music.notes"}, "engine.music"),
    (imports.imports_flow_one_way, {"engine/learn/a.py": "import engine.compose.plan"}, "engine.compose.plan"),
    (imports.imports_flow_one_way, {"engine/studio.py": "from bot import client"}, "bot"),
    (imports.imports_flow_one_way, {"engine/metrics/a.py": "from engine.grammar.lofi import x"}, "engine.grammar.lofi"),
    (imports.imports_flow_one_way, {"engine/store/a.py": "from engine import Studio"}, "may not import engine"),
    (imports.imports_flow_one_way, {"engine/jobs/a.py": "import_module('engine.compose.a')"}, "engine.compose.a"),
    (imports.imports_flow_one_way, {"engine/novelty/a.py": ""}, "no place in the layers"),
    (
        imports.imports_make_no_cycle,
        {
            "engine/music/a.py": "from engine.music import b",
            "engine/music/b.py": "def f():\n    from engine.music.c import x",
            "engine/music/c.py": "if TYPE_CHECKING:\n    from .a import y",
        },
        "engine.music.a → engine.music.b → engine.music.c → engine.music.a",
    ),
    (
        imports.the_bot_sees_only_public_names,
        {"engine/__init__.py": "__all__ = ['Studio']", "bot/a.py": "from engine import Studio, Hidden"},
        "engine.Hidden",
    ),
    (imports.the_bot_sees_only_public_names, {"bot/a.py": "from engine.studio import Studio"}, "engine.studio.Studio"),
    (
        imports.heavy_packages_stay_at_home,
        {"engine/studio.py": "def f():\n    import discord"},
        "discord belongs to bot/",
    ),
    (imports.heavy_packages_stay_at_home, {"engine/store/a.py": "from torch.nn import Linear"}, "torch belongs"),
    (imports.heavy_packages_stay_at_home, {"engine/music/a.py": "import music21.corpus"}, "music21 belongs"),
    (imports.some_packages_are_never_imported, {"engine/model/a.py": "import pickle"}, "pickle"),
    (imports.some_packages_are_never_imported, {"engine/compose/a.py": "from pedalboard import Reverb"}, "pedalboard"),
    (style.data_is_read_without_running_it, {"engine/model/a.py": "torch.load(path)"}, "weights_only"),
    (
        style.waiting_loses_no_cancellation,
        {"bot/a.py": "async def f():\n    await asyncio.wait_for(g(), 1.0)"},
        "asyncio.timeout",
    ),
    (style.data_is_read_without_running_it, {"engine/model/a.py": "np.load(p, allow_pickle=True)"}, "allow_pickle"),
    (style.data_is_read_without_running_it, {"engine/settings.py": "exec(text)"}, "exec runs code"),
    (
        style.everything_is_caught_in_three_places_only,
        {"engine/compose/a.py": "try:\n    pass\nexcept (ValueError, Exception):\n    pass"},
        "engine/compose/a.py:3",
    ),
    (style.everything_is_caught_in_three_places_only, {"bot/a.py": "try:\n    pass\nexcept:\n    pass"}, "bot/a.py:3"),
    (style.names_say_what_is_inside, {"engine/music/utils.py": ""}, "'utils' says nothing"),
    (style.names_say_what_is_inside, {"engine/common/a.py": ""}, "'common' says nothing"),
    (style.modules_and_functions_are_short, {"engine/music/a.py": "x = 1\n" * 501}, "501 lines"),
    (style.modules_and_functions_are_short, {"bot/a.py": "def f():\n" + "    x = 1\n" * 80}, "f has 81 lines"),
    (style.every_module_says_what_it_is, {"engine/music/a.py": "x = 1"}, "no docstring"),
    (style.importing_does_no_work, {"engine/music/a.py": "print('hello')"}, "a call at import"),
    (style.importing_does_no_work, {"engine/music/a.py": "for i in range(3):\n    pass"}, "loop or block"),
    (style.importing_does_no_work, {"engine/music/a.py": "TEXT = Path('x').read_text()"}, "read_text at import"),
    (style.importing_does_no_work, {"engine/music/a.py": "HOME = os.environ['HOME']"}, "environment"),
    (style.chance_has_its_own_generator, {"engine/grammar/a.py": "x = random.choice(y)"}, "random.choice"),
    (style.chance_has_its_own_generator, {"engine/grammar/a.py": "np.random.seed(3)"}, "np.random.seed"),
    (style.chance_has_its_own_generator, {"engine/compose/a.py": "torch.manual_seed(3)"}, "torch.manual_seed"),
    (
        style.values_that_cross_folders_are_frozen,
        {
            "engine/music/a.py": "@dataclass(frozen=True)\nclass Note:\n    pitch: int",
            "engine/compose/b.py": "from engine.music.a import Note",
        },
        "slots=True, kw_only=True",
    ),
)

INNOCENT = {
    "engine/__init__.py": "'''Names.'''\nfrom engine.studio import Studio\n__all__ = ['Studio']",
    "engine/studio.py": "'''Door.'''\nfrom engine.compose.plan import Plan\nOPENER = 'engine.compose.resident:open'",
    "engine/compose/plan.py": "'''Plan.'''\nfrom engine.music.notes import Note\nimport re\nWORD = re.compile('x')",
    "engine/music/notes.py": (
        "'''Notes.'''\n@dataclass(frozen=True, slots=True, kw_only=True)\nclass Note:\n    pitch: int\n"
        "def f(rng):\n    try:\n        return rng.random()\n    except BaseException:\n        raise\n"
        "@dataclass\nclass Player:\n    _synth: int"
    ),
    "engine/metrics/meter.py": "'''Meter.'''\nfrom engine.music.notes import Player",
    "engine/model/net.py": "'''Net.'''\nimport torch\nweights = lambda path: torch.load(path, weights_only=True)",
    "engine/jobs/worker.py": "'''Work.'''\ntry:\n    import fast\nexcept Exception as error:\n    fast = None",
    "bot/client.py": "'''Client.'''\nimport discord\nfrom engine import Studio",
}


def plant(root: Path, files: dict[str, str]) -> list[Module]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_modules(root, "bot", "engine")


def laws() -> Iterator[Law]:
    for module in (imports, style):
        for name, law in vars(module).items():
            if callable(law) and not name.startswith("_") and getattr(law, "__module__", "") == module.__name__:
                yield law


@pytest.mark.parametrize(("law", "files", "message"), PLANTED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_breach_is_found_and_named(tmp_path: Path, law: Law, files: dict[str, str], message: str) -> None:
    breaches = [str(breach) for breach in law(plant(tmp_path, files))]
    assert len(breaches) == 1, breaches
    assert message in breaches[0]
    assert breaches[0].partition(":")[0] in files


def test_innocent_code_breaks_no_law(tmp_path: Path) -> None:
    modules = plant(tmp_path, INNOCENT)
    assert [str(breach) for law in laws() for breach in law(modules)] == []


def test_every_law_has_a_planted_breach_and_a_test() -> None:
    tried = {law.__name__ for law, _, _ in PLANTED}
    assert {law.__name__ for law in laws()} == tried
    own = Path(__file__).read_text(encoding="utf-8")
    assert all(f"assert_kept(imports.{name}," in own or f"assert_kept(style.{name}," in own for name in tried)


def test_starting_the_discord_process_loads_nothing_heavy(tmp_path: Path) -> None:
    """The real entry, with a made-up token, against a port where nobody listens: it starts, fails to reach it, ends."""
    code = textwrap.dedent(f"""
        import pkgutil, sys
        import bot, bot.__main__
        for found in pkgutil.walk_packages(bot.__path__, "bot."):
            __import__(found.name)
        code = bot.__main__.main([])
        print(code, sorted(set({HEAVY!r}) & set(sys.modules)))
    """)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TUNESMITH_", "DISCORD_", "COV_"))
    }
    environment |= {
        "DISCORD_TOKEN": "made-up",
        "DISCORD_API_BASE": "http://127.0.0.1:9/api",
        "TUNESMITH_DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.stdout.split("\n")[0] == "1 []", done.stdout + done.stderr


def test_the_public_names_of_the_engine_load_nothing_heavy() -> None:
    code = f"import sys\nfrom engine import *\nprint(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
