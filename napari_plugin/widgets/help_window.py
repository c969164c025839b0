"""[?]: what each step is about, and all keys, without leaving the window."""

from __future__ import annotations

from qtpy.QtWidgets import QDialog, QTabWidget, QTextBrowser, QVBoxLayout, QWidget

# One page a step, in their order; the words are those of the dock.
STEPS: tuple[tuple[str, str], ...] = (
    (
        "Volume",
        """<p><b>Open…</b> takes a volume or a picture; dropping the file on the window does the
        same. Where a file may be several things (time points, several data sets), the dock asks,
        and shows each in the picture. All channels of a file are used together.</p>
        <p><b>Edit</b> corrects the voxel size. It decides what is near what: where planes lie
        further apart than pixels, say so.</p>
        <p><b>A box</b> is a part to work in: quicker, good for a first try. <b>Mask</b> and
        <b>Constant fill is no data</b> leave out where there is nothing.</p>""",
    ),
    (
        "Prepare",
        """<p>The volume is cut into small regions of similar voxels, and each is measured: once.
        What takes under 30 seconds begins by itself. You can look and paint meanwhile.</p>
        <p><b>Detail size</b> is how large the regions are: what you want to tell apart should be
        larger. <b>Preview on this slice</b> shows them before.</p>""",
    ),
    (
        "Paint",
        """<p>Choose a class, and drag over a few places that belong to it; then the next class.
        Two classes are enough to start. Paint little, look, and correct where the labels are
        wrong: that teaches most.</p>
        <p><b>Another plane</b>: the slider under the picture, the arrow keys <kbd>←</kbd> and
        <kbd>→</kbd>, or the wheel with <kbd>Ctrl</kbd> held. <b>Zoom</b>: the wheel.
        <b>Move</b>: hold <kbd>Space</kbd> and drag.</p>
        <p><b>Regions</b> paints whole regions; <b>eraser</b> takes strokes away. Everything can be
        undone, also tomorrow.</p>
        <p><b>correct</b> paints the labels themselves: nothing is learned from it, and it holds
        for good. <b>fill</b> gives labels that hang together another class; the eraser shows the
        label beneath again.</p>""",
    ),
    (
        "Segment",
        """<p>The labels follow every stroke, for all of the volume. <b>more</b> and <b>less</b>
        give a class more or less of it; <b>Smoothness</b> joins or frees small pieces.</p>
        <p><b>Unsure</b> shows where the labels hesitate. <b>Finish</b> computes the labels in
        full quality.</p>
        <p><b>3D</b>, at the top, shows the labels in space; <b>XZ YZ</b> the other two planes
        through the place under the mouse.</p>""",
    ),
    (
        "Objects",
        """<p>An object is a connected piece of a class. <b>Find objects</b> counts and measures
        those of the final labels: volume, surface, shape, intensities, contacts, in the unit of
        the voxel size.</p>
        <p><b>Table of objects…</b> sorts and filters them, shows how often which values are, and
        flies to the one that you click on. <b>Show objects</b> colours each of them; a click on one
        chooses its row, Ctrl+click several.</p>
        <p><b>Cut</b>: drag a line across an object. <b>Merge</b>: drag one from object to object,
        or choose several. <b>Delete</b> and <b>Give to</b> change the labels as well; <b>Right</b>
        keeps rules away. The tab <b>Rules</b> of the table sorts objects by their measures. All of
        it can be undone, and is kept in the project.</p>""",
    ),
    (
        "Export",
        """<p>Labels, strokes, probabilities, the model, a report with words for a paper, or a
        picture of what you see, with a scale bar and a legend.</p>
        <p><b>Project › Label more volumes…</b> labels other files with what was learned here;
        <b>Project › Load a model…</b> labels this volume with what was learned elsewhere.</p>""",
    ),
)
KEYS: tuple[tuple[str, str], ...] = (
    ("1 to 9", "choose a class, by its place"),
    ("0, E", "eraser"),
    ("P, R", "brush, regions brush"),
    ("C", "correct labels, or paint strokes"),
    ("[ and ]", "smaller and larger brush"),
    ("Ctrl+Z, Ctrl+Shift+Z", "undo, redo"),
    ("Space (hold)", "move and zoom"),
    ("← and →, Ctrl+wheel", "the plane before, and after"),
    ("H (hold)", "hide the labels"),
    ("O", "labels as outlines, or filled"),
    ("U", "update the labels now"),
    ("Shift+L", "live on or off"),
    ("N", "the next place to look at"),
    (", and .", "less and more of the class"),
    ("K", "compare planes far apart"),
    ("I", "fill between corrected slices; twice"),
    ("Ctrl+S", "save the project"),
    ("Ctrl+Shift+P", "every action, by its name"),
)


class HelpWindow(QDialog):
    """A small window beside the work.

    Parameters
    ----------
    parent : QWidget
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("supervox_help_window")
        self.setWindowTitle("Help")
        self.setModal(False)
        self.resize(460, 420)
        self.tabs = QTabWidget()
        for title, text in STEPS:
            self.tabs.addTab(_page(text), title)
        cells = (f"<td><b>{key}</b>&nbsp;&nbsp;</td><td>{what}</td>" for key, what in KEYS)
        rows = "".join(f"<tr>{row}</tr>" for row in cells)
        self.tabs.addTab(_page(f"<table cellpadding='3'>{rows}</table>"), "Keys")
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs)

    def show_step(self, step: int) -> None:
        """Show the page of a step; one beyond the last shows the keys."""
        self.tabs.setCurrentIndex(step)
        self.show()
        self.raise_()


def _page(text: str) -> QTextBrowser:
    page = QTextBrowser()
    page.setHtml(text)
    return page
