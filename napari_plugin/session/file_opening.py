"""Files on their way into the window: read on a thread, asked about, and told of if they fail."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from psygnal import Signal
from supervox.napari_plugin.io.questions import Question, question_of
from supervox.napari_plugin.io.readers import LayerData, Role, read_file
from supervox.napari_plugin.io.samples import cell_with_strokes
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report, Task
from supervox.napari_plugin.tasks.remedies import with_remedy
from supervox.volumes import Address, VolumeError

SAMPLE = "Making the sample; the first time takes longer, as its code is compiled"


@dataclass(frozen=True)
class Problem:
    """Something that went wrong, which stays in sight until a person has read it, or it is mended.

    Attributes
    ----------
    text : str
    is_of_file : bool
        Whether a file couldn't be opened: another one may be.
    project : Path or None
        Whose volume isn't where it was.
    work : BackgroundTask or None
        That failed.
    """

    text: str
    is_of_file: bool = True
    project: Path | None = None
    work: BackgroundTask | None = None


@dataclass(frozen=True)
class ReadFile:
    """What was read.

    Attributes
    ----------
    path : str
        Address of the file; empty for what is in none.
    layers : list of layer data
    notes : list of str
        What a person should know of it.
    """

    path: str
    layers: list[LayerData]
    notes: list[str]


class FileOpening:
    """Opens files, one at a time.

    Attributes
    ----------
    reading : BackgroundTask
        The file that is being read.
    question : Question or None
        What a person is asked.
    chosen : int
        Which of its options is looked at.
    problem : Problem or None
        What a person was not told yet.
    asked : Signal
        A person wants a file opened: nothing else that was asked for is wanted any more.
    opened : Signal
        Tells what was read: who listens shows it.
    looked_at : Signal
        Tells what an option of the question gives, or None where nothing is to be looked at.
    """

    changed = Signal()
    asked = Signal()
    opened = Signal(ReadFile)
    looked_at = Signal(object)

    def __init__(self) -> None:
        self.reading, self._looking = BackgroundTask(), BackgroundTask()
        self.question: Question | None = None
        self.chosen = 0
        self.problem: Problem | None = None
        self._role: Role | None = None
        self._seen: dict[int, ReadFile] = {}  # what the options of the question give
        self.reading.succeeded.connect(self._on_read)
        self.reading.failed.connect(self._on_failed)
        self.reading.changed.connect(self._emit_changed)
        self._looking.succeeded.connect(self._on_looked)

    def _emit_changed(self) -> None:
        self.changed.emit()

    def open(self, path: str, role: Role | None = None) -> None:
        """Open a volume.

        Parameters
        ----------
        path : str
            Address of it.
        role : str, optional
            As for `read_file`.
        """
        self.dismiss()
        self.asked.emit()
        self._role = role
        self.reading.run(_reading(path, role), f"Opening {Address.parse(path).path.name}")

    def open_sample(self) -> None:
        """Make the synthetic tomogram."""
        self.dismiss()
        self.asked.emit()
        self.reading.run(lambda _: ReadFile("", cell_with_strokes(), []), SAMPLE)

    def cancel(self) -> None:
        """Open nothing."""
        self.reading.cancel()
        self.dismiss()

    def dismiss(self) -> None:
        """Ask nothing any more, and tell of nothing."""
        self._looking.cancel()
        was_asking, self.question, self.problem = self.question is not None, None, None
        self._seen = {}
        if was_asking:
            self.looked_at.emit(None)
        self.changed.emit()

    def tell(self, problem: Problem) -> None:
        """Keep in sight what went wrong."""
        self.problem = problem
        self.changed.emit()

    def tell_error(self, error: Exception, work: BackgroundTask | None = None) -> str:
        """Keep in sight what went wrong with other work; return it in words."""
        text = with_remedy(error) or type(error).__name__
        self.tell(Problem(text, is_of_file=False, work=work))
        return text

    def settle(self, work: BackgroundTask) -> None:
        """Tell no more that work failed: it succeeded now."""
        if self.problem is not None and self.problem.work is work:
            self.problem = None
            self.changed.emit()

    def tell_moved(self, project: Path, why: str) -> None:
        """Keep in sight that the volume of a project isn't where it was."""
        self.tell(Problem(f"{why}. Your strokes are safe", project=project))

    # -------------------------------------------------------------------------------- questions

    def look(self, index: int) -> None:
        """Look at what an option of the question gives."""
        if self.question is None:
            return
        self.chosen = index
        self.looked_at.emit(self._seen.get(index))
        if index not in self._seen:
            address = self.question.options[index].address
            self._looking.run(partial(_look, index, address, self._role), "Looking into the file")
        self.changed.emit()

    def answer(self) -> None:
        """Open what is looked at."""
        if self.question is None:
            return
        address, seen = self.question.options[self.chosen].address, self._seen.get(self.chosen)
        self.dismiss()
        if seen is not None:
            self.opened.emit(seen)
        else:
            self.open(address, self._role)

    def _on_looked(self, found: tuple[int, ReadFile | None]) -> None:
        index, read = found
        if read is not None and self.question is not None:
            self._seen[index] = read
            if index == self.chosen:
                self.looked_at.emit(read)

    # ------------------------------------------------------------------------------- what came

    def _on_read(self, read: ReadFile | Question) -> None:
        if isinstance(read, Question):
            self.question = read
            self.look(0)
        else:
            self.opened.emit(read)
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self.tell(Problem(with_remedy(error) or type(error).__name__))


def _reading(path: str, role: Role | None) -> Task:
    """Return the task that reads a file, or finds out what is to be asked."""

    def read(report: Report) -> ReadFile | Question:
        try:
            return ReadFile(path, *read_file(path, role))
        except VolumeError as error:
            question = question_of(path, error)
            if question is None:
                raise
            return question

    return read


def _look(index: int, path: str, role: Role | None, report: Report) -> tuple[int, Any]:
    """Read what an option gives, if nothing more has to be asked; failing is told when chosen."""
    try:
        return index, ReadFile(path, *read_file(path, role))
    except VolumeError:
        return index, None
