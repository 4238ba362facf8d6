"""The laws of the house as functions: the modules of a source tree in, the broken places out, with file and line."""

from __future__ import annotations

from tests.laws import imports, style
from tests.laws.source import Breach, Law, Module, read_modules

__all__ = ["Breach", "Law", "Module", "imports", "read_modules", "style"]
