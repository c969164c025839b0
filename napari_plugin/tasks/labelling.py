"""Many volumes labelled by a model: ``supervox apply`` in a process of its own.

The command is the one way to do it: names of the files, what becomes of one that fails, and what
is left of one that is stopped are its business. It goes on however busy the window is, and takes
its memory along when it ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, Queue

from psygnal import Signal
from supervox.execution import Cancelled
from supervox.napari_plugin.io.questions import question_of
from supervox.segmentation import Model, save_model
from supervox.volumes import SupervoxError, VolumeError, open_volume

from .jobs import BackgroundTask, Report
from .resources import Resources

COMMAND = "import sys; from supervox.cli import main; sys.exit(main())"
POLL_SECONDS = 0.2
_STAGES = ("Reading", "Labelling", "Writing")


class LabellingError(SupervoxError):
    """The command ended without telling what it did."""


@dataclass(frozen=True)
class Labelled:
    """What became of a volume.

    Attributes
    ----------
    volume : str
    written : str
        Address of its labels; empty if it failed.
    error : str
        Why it failed; empty if it didn't.
    """

    volume: str
    written: str = ""
    error: str = ""


class Labelling(BackgroundTask):
    """Runs the command; `published` tells what it is doing, a line at a time.

    Parameters
    ----------
    resources : Resources
        What it may use.
    """

    def __init__(self, resources: Resources) -> None:
        super().__init__()
        self._resources = resources

    stopped = Signal()  # by a person

    def cancel_and_tell(self) -> None:
        """Stop at a person's wish."""
        self.cancel()
        self.stopped.emit()

    def start(self, model: Model | Path, volumes: Sequence[str], folder: Path) -> None:
        """Begin.

        Parameters
        ----------
        model : Model or Path
            What was learned, or its file.
        volumes : sequence of str
            Addresses.
        folder : Path
            Where the labels go.
        """
        allowed = self._resources
        options = ["--output", str(folder), "--device", allowed.device]
        if allowed.workers is not None:
            options += ["--workers", str(allowed.workers)]
        if allowed.memory is not None:
            options += ["--memory", f"{allowed.memory / 1e9:g}"]
        task = partial(_label, model, volumes, options)
        self.run(task, f"Labelling {len(volumes)} volumes")


def _label(
    model: Model | Path, volumes: Sequence[str], options: Sequence[str], report: Report
) -> list[Labelled]:
    """Run the command until it ends, or is to stop."""
    with tempfile.TemporaryDirectory() as place:
        file = model if isinstance(model, Path) else Path(place) / "learned.model"
        if isinstance(model, Model):
            save_model(model, file)
        with (Path(place) / "output").open("w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", COMMAND, "apply", str(file), *volumes, *options, "--json"],
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
            )
            said = _follow(process, len(volumes), report)
            output.seek(0)
            return _results(output.read(), volumes, said)


def _follow(process: subprocess.Popen[str], count: int, report: Report) -> list[str]:
    """Tell what the command says; end it if it is to stop."""
    lines: Queue[str | None] = Queue()
    reader = threading.Thread(target=_pass_on, args=(process, lines), daemon=True)
    reader.start()
    said: list[str] = []
    while True:
        if report.should_stop():
            process.terminate()  # it leaves nothing half done
            process.wait()
            raise Cancelled
        try:
            text = lines.get(timeout=POLL_SECONDS)
        except Empty:
            continue
        if text is None:
            process.wait()
            return said
        said.append(text)
        if text.startswith(_STAGES) or "error:" in text:
            report.publish(text)
        report.progress(sum(text.startswith("Writing") for text in said), count)


def _pass_on(process: subprocess.Popen[str], lines: Queue[str | None]) -> None:
    """Hand over what a process says, line by line, and None at its end."""
    assert process.stderr is not None
    with process.stderr as told:
        for line in told:
            lines.put(line.strip())
    lines.put(None)


def _results(output: str, volumes: Sequence[str], said: Sequence[str]) -> list[Labelled]:
    """Read what the command tells of each volume."""
    errors = [text.partition("error: ")[2] for text in said if "error: " in text]
    try:
        entries = json.loads(output)["volumes"]
    except (ValueError, KeyError):
        if len(volumes) == 1 and errors:  # a single one ends the command
            return [Labelled(volumes[0], error=_in_window(volumes[0], errors[-1]))]
        raise LabellingError(errors[-1] if errors else " ".join(said[-3:])) from None
    return [
        Labelled(
            entry["volume"],
            written=entry.get("outputs", {}).get("labels", ""),
            error=_in_window(entry["volume"], entry.get("error", "")),
        )
        for entry in entries
    ]


def _in_window(volume: str, error: str) -> str:
    """Say of a file that only a person can say how to open what helps in a window."""
    if not error:
        return ""
    try:
        with open_volume(volume):
            return error
    except VolumeError as refused:
        question = question_of(volume, refused)
    if question is None:
        return error
    return f"{question.holds}: open it by itself, choose which is meant, and load the model there"
