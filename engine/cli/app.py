"""All commands put together.

In: nothing. Out: the typer application. Conventions: results go to standard output, progress and trouble to standard
error; with `--json` standard output carries JSON alone. Exit codes: 0 done, 1 something failed on our side or some
prompt of several failed, 2 the request or this machine must be mended, 130 stopped by Ctrl-C. Caveat: commands import
what is heavy when they run, so that `--help` and `styles` answer at once.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from engine.cli import (
    bot,
    compose,
    doctor,
    evaluate,
    grooves,
    habits,
    originality,
    plan,
    seeds,
    styles,
    teach,
    train,
    understand,
)

CONTEXT = {"help_option_names": ["-h", "--help"]}


def build_app() -> typer.Typer:
    """The application with every command."""
    app = typer.Typer(
        name="tunesmith",
        help="Compose music from words.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=CONTEXT,
    )
    app.callback()(_start)
    app.command("compose")(compose.compose)
    app.command("plan")(plan.plan)
    app.command("styles")(styles.styles)
    app.command("train")(train.train)
    app.command("teach")(teach.teach)
    app.command("forget")(teach.forget)
    app.command("evaluate")(evaluate.evaluate)
    app.command("seeds")(seeds.seeds)
    app.command("habits")(habits.habits)
    app.command("grooves")(grooves.grooves)
    app.command("originality")(originality.originality)
    app.command("understand")(understand.understand)
    app.command("doctor")(doctor.doctor)
    app.command("bot")(bot.bot)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"tunesmith {version('tunesmith')}")
        except PackageNotFoundError:
            typer.echo("tunesmith, from a checkout that is not installed")
        raise typer.Exit


def _start(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Compose music from words, with networks trained from open corpora."""
