"""The list of commands, and the program around them."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from .errors import exit_code

COMMANDS = {
    "open": "Open a volume in napari: paint, and watch the whole volume follow.",
    "segment": "Label a whole volume from a few painted strokes.",
    "apply": "Label more volumes with a model that was trained on one.",
    "score": "Compare labels with a ground truth.",
    "clean": "Remove specks, fill holes, smooth labels.",
    "interpolate": "Fill what lies between painted slices.",
    "compare": "Compare two segmentations: Dice, surfaces, objects, and where they differ.",
    "objects": "Number, measure and sort the objects of labels.",
    "picture": "Draw three sections of a volume and its labels.",
    "info": "Say what a volume, a model file or a project holds.",
    "convert": "Write a volume in another format, or labels as surfaces.",
    "check": "Verify a project, and repair what can be.",
    "export": "Write labels, probabilities or strokes from a project.",
    "report": "Describe a project: methods, figures and pictures.",
    "sample": "Make a synthetic tomogram with strokes, to try it all out.",
}
# `report` is what all commands print with.
_MODULES = {"report": "write_report"}


class Program(click.Group):
    """Commands that are loaded when they are called, so that help comes at once.

    The module of the same name, or that in `_MODULES`, has the command as `command`. What is no
    command but a file, or nothing at all, is for the window.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the command ``open`` where a person left it out."""
        own = {name for option in self.get_params(ctx) for name in option.opts}
        left_out = not args or (args[0] not in own | COMMANDS.keys() and _is_for_window(args[0]))
        if left_out and not ctx.resilient_parsing:
            args = ["open", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which there are."""
        if args[0] not in COMMANDS:
            raise click.UsageError(_unknown(args[0], list(COMMANDS)), ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        module = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = import_module(f".{module}", __package__).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in the help, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, say in one line what went wrong, and exit."""
        kwargs["standalone_mode"] = False
        run = super().main
        sys.exit(exit_code(lambda: run(*args, **kwargs)))


@click.command(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="supervox", prog_name="supervox")
def supervox() -> None:
    """Segment noisy 3D volumes from a few strokes.

    Paint a few strokes of each class in a volume, save them as a label volume of the same shape,
    and supervox labels every voxel. To see how it goes: supervox sample demo

    Without a command, the window opens; 'supervox VOLUME' opens a volume in it.
    """


def _is_for_window(word: str) -> bool:
    """Say whether a word that is no command is a file or an option of ``open``."""
    if word.startswith("-") or "::" in word or os.sep in word or Path(word).suffix:
        return True
    return Path(word).exists()


def _unknown(word: str, known: Sequence[str]) -> str:
    """Say what a misspelt command may have been."""
    return f"there is no command {word!r}, nor a file; the commands are {', '.join(known)}"


def main() -> None:
    """Run the program; a request to terminate cleans up like Ctrl-C."""
    if isinstance(sys.stdout, TextIOWrapper):  # names of files are printed as their bytes are
        sys.stdout.reconfigure(errors="surrogateescape")
    notes = logging.StreamHandler()
    notes.setFormatter(logging.Formatter("supervox: %(message)s"))
    logging.getLogger("supervox").addHandler(notes)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    supervox(prog_name="supervox")
