"""What napari's command palette and menus call: each is one method of the dock's session."""

from __future__ import annotations

from napari.viewer import Viewer
from supervox.napari_plugin.session.view_choices import Shown
from supervox.napari_plugin.tasks.exporting import ExportKind

from .dock import SupervoxDock

PLUGIN, DOCK = "supervox", "Supervox"


def dock_of(viewer: Viewer) -> SupervoxDock:
    """Return the dock of a viewer; open it where there is none."""
    for widget in viewer.window.dock_widgets.values():
        found = widget if isinstance(widget, SupervoxDock) else None
        if found is not None:
            return found
    return viewer.window.add_plugin_dock_widget(PLUGIN, DOCK)[1]  # type: ignore[no-any-return]


def new_project(viewer: Viewer) -> None:
    """Begin anew, with empty strokes."""
    dock_of(viewer).session.next.begin_anew()


def open_project(viewer: Viewer) -> None:
    """Ask for a project, and open it."""
    dock_of(viewer).project.ask_what_to_open()


def save_project_as(viewer: Viewer) -> None:
    """Ask for a name, and keep the project there."""
    dock_of(viewer).project.ask_where_to_save()


def open_volume(viewer: Viewer) -> None:
    """Ask for a volume, and work on it."""
    dock_of(viewer).volume.ask_what_to_open()


def load_model(viewer: Viewer) -> None:
    """Ask for a model, and label the volume with it."""
    dock_of(viewer).project.ask_for_model()


def label_more_volumes(viewer: Viewer) -> None:
    """Show the window that labels more volumes."""
    dock_of(viewer).around.labelling.bring()


def prepare(viewer: Viewer) -> None:
    """Prepare the volume."""
    dock_of(viewer).session.extent.prepare()


def preview_regions(viewer: Viewer) -> None:
    """Show the outlines of the regions on the slice in view."""
    dock_of(viewer).session.preview.show_slice()


def outline_regions(viewer: Viewer) -> None:
    """Show or hide the outlines of the regions."""
    view = dock_of(viewer).session.view
    view.outline_supervoxels(view.supervoxels is None or not view.supervoxels.visible)


def add_class(viewer: Viewer) -> None:
    """Add a class."""
    dock_of(viewer).session.classes.add()


def paint_voxels(viewer: Viewer) -> None:
    """Take the brush."""
    dock_of(viewer).session.use_tool("paint")


def paint_regions(viewer: Viewer) -> None:
    """Take the brush that paints whole regions."""
    dock_of(viewer).session.use_tool("regions")


def erase(viewer: Viewer) -> None:
    """Take the eraser."""
    dock_of(viewer).session.use_tool("erase")


def correct_labels(viewer: Viewer) -> None:
    """Correct labels with the mouse, or paint strokes again."""
    dock_of(viewer).session.correcting.toggle()


def toggle_live(viewer: Viewer) -> None:
    """Follow the strokes, or wait to be asked."""
    session = dock_of(viewer).session
    session.set_live(not session.live.is_live)


def update(viewer: Viewer) -> None:
    """Update the labels now."""
    dock_of(viewer).session.live.update()


def show_labels(viewer: Viewer) -> None:
    """Show the labels."""
    dock_of(viewer).session.view.choose(shown=Shown.LABELS)


def show_probability(viewer: Viewer) -> None:
    """Show the probability of a class."""
    dock_of(viewer).session.view.choose(shown=Shown.PROBABILITY)


def show_uncertainty(viewer: Viewer) -> None:
    """Show how undecided the labels are."""
    dock_of(viewer).session.view.choose(shown=Shown.UNCERTAINTY)


def toggle_outline(viewer: Viewer) -> None:
    """Draw the labels as outlines, or filled."""
    view = dock_of(viewer).session.view
    view.choose(outline=not view.choices.outline)


def look_on(viewer: Viewer) -> None:
    """Go to the next place that is worth a look."""
    dock_of(viewer).session.questions.look_on()


def more_of_class(viewer: Viewer) -> None:
    """Give the class that is chosen more of the volume."""
    dock_of(viewer).nudge_chosen(1)


def less_of_class(viewer: Viewer) -> None:
    """Give the class that is chosen less of the volume."""
    dock_of(viewer).nudge_chosen(-1)


def compare_planes(viewer: Viewer) -> None:
    """Show planes far apart in the volume, or hide them."""
    dock_of(viewer).compare()


def finish(viewer: Viewer) -> None:
    """Compute the final labels in full quality."""
    dock_of(viewer).session.delivery.finish()


def clean_up_labels(viewer: Viewer) -> None:
    """Show the tools that clean the final labels."""
    dock_of(viewer).around.tools.bring_clean()


def fill_between_slices(viewer: Viewer) -> None:
    """Show what lies between corrected slices, or fill it where that is shown."""
    dock_of(viewer).around.tools.press_fill()


def find_objects(viewer: Viewer) -> None:
    """Find and measure the objects of the final labels."""
    dock_of(viewer).session.delivery.objects.find()


def show_table_of_objects(viewer: Viewer) -> None:
    """Show the table of the objects that were found."""
    dock_of(viewer).around.objects.bring()


def compare_labels(viewer: Viewer) -> None:
    """Compare two segmentations of the volume."""
    dock_of(viewer).around.agreement.bring()


def export_labels(viewer: Viewer) -> None:
    """Export the final labels."""
    dock_of(viewer).export.ask(ExportKind.LABELS)


def export_strokes(viewer: Viewer) -> None:
    """Export the strokes."""
    dock_of(viewer).export.ask(ExportKind.STROKES)


def export_model(viewer: Viewer) -> None:
    """Export the model."""
    dock_of(viewer).export.ask(ExportKind.MODEL)
