"""The one place where what goes wrong becomes a line on stderr and an exit code."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any

import click
from supervox.volumes import SupervoxError

REFUSED = 2
STOPPED = 130
TOO_LITTLE_MEMORY = (
    "not enough memory; give a smaller --memory, so that more is kept on the disk, close "
    "other programs, crop the volume, or use a larger --supervoxel-size"
)


class Stopped(Exception):
    """A person stopped a command that had finished a part; the message says which."""


_written: list[str] = []  # by the command that runs


def note_written(path: str) -> None:
    """Note that a file has its name: who stops the command now is told so."""
    _written.append(path)


@contextmanager
def finishing() -> Iterator[None]:
    """Put off an interruption until a few steps are done that belong together."""
    if current_thread() is not main_thread():
        yield
        return
    seen: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda got, _: seen.append(got)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    if seen:
        raise KeyboardInterrupt


@contextmanager
def checking(option: str | None = None) -> Iterator[None]:
    """Turn the `ValueError` of a parameter object into a complaint about the options.

    Parameters
    ----------
    option
        The option that the value came from, if it was a single one.
    """
    try:
        yield
    except ValueError as error:
        raise click.BadParameter(
            str(error), ctx=click.get_current_context(), param_hint=option and f"'{option}'"
        ) from error


def exit_code(run: Callable[[], Any]) -> int:
    """Run a command; return the exit code after saying what went wrong.

    Exceptions that nobody expects pass: they are bugs, and their traceback is of use.
    """
    _written.clear()
    try:
        result = run()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return REFUSED
    except click.UsageError as error:
        hint = f" (see '{error.ctx.command_path} --help')" if error.ctx else ""
        return _refuse(error.format_message().rstrip(".") + hint)
    except click.ClickException as error:
        return _refuse(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        written = f"{', '.join(_written)} had been written" if _written else "nothing was written"
        return _say(f"stopped; {written}", STOPPED)
    except Stopped as error:
        return _say(str(error), STOPPED)
    except MemoryError:
        return _refuse(TOO_LITTLE_MEMORY)
    except SupervoxError as error:
        from .remedies import with_remedy  # knows the engine, which takes a while to load

        return _refuse(with_remedy(error))
    return result if isinstance(result, int) else 0


def say(text: str) -> None:
    """Tell a person something that is not a result."""
    click.echo(f"supervox: {' '.join(text.split())}", err=True)


def _refuse(message: str) -> int:
    return _say(f"error: {message}", REFUSED)


def _say(message: str, code: int) -> int:
    say(message)
    return code
