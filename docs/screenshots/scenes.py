"""The pictures of the guide, one function each, in the order in which a person comes by them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from supervox.sample_data import CLASSES, make_phantom

from .person import Person, Place, save_animation, save_png

LARGE = (1920, 1080)
ANIMATION_WIDTH = 960
BRUSH = 7  # voxels
OUTSIDE, CYTOPLASM, NUCLEUS, MITOCHONDRION = 1, 2, 3, 4


def take_all(folder: Path) -> None:
    """Take every picture."""
    _first_steps(folder)
    _sample_with_strokes(folder)
    _painting(folder)


def _first_steps(folder: Path) -> None:
    """Open the window."""
    person = Person()
    save_png(person.picture(), folder / "window-empty.png")
    person.close()


def _sample_with_strokes(folder: Path) -> None:
    """Every section, and every way to look at the labels."""
    person = Person()
    session = person.dock.session
    person.click("supervox_try_sample")
    person.wait(lambda: session.live.scan.counts, "the strokes of the sample")
    person.open_section(1)
    person.click("supervox_spacing_edit")
    person.click("supervox_work_box")
    save_png(person.section(1), folder / "section-volume.png")
    person.click("supervox_work_whole")
    person.click("supervox_spacing_edit")
    person.open_section(1, is_open=False)
    person.open_section(2)
    person.click("supervox_features_open")
    save_png(person.section(2), folder / "section-prepare.png")
    person.click("supervox_features_open")
    person.click("all_parameters")
    for theme in ("light", "dark"):
        person.viewer.theme = theme
        save_png(person.form(), folder / f"all-parameters-{theme}.png")
    person.click("parameters_close")
    person.click("supervox_preview")
    person.wait(lambda: session.preview.is_shown, "the preview of the regions")
    save_png(person.picture(), folder / "window-preview.png")
    person.click("supervox_preview")  # ends it

    person.prepare()
    person.open_section(2, is_open=False)
    person.open_section(3)
    person.open_section(4)
    person.wait_for_labels()
    person.click("supervox_update")  # the first update of all also compiles
    person.wait_for_labels()
    save_png(person.picture(), folder / "window-dark.png")
    save_png(person.section(3), folder / "section-paint.png")
    save_png(person.section(4), folder / "section-segment.png")
    person.click("supervox_compare")
    person.wait(lambda: session.comparison.planes, "the planes to compare")
    compared, result = session.comparison, session.view.result
    person.wait(lambda: not compared.parts_to_label(result), "the planes in full quality")
    save_png(person.planes(), folder / "compare-planes.png")
    person.click("supervox_compare")
    person.viewer.theme = "light"
    save_png(person.picture(), folder / "window-light.png")
    person.viewer.theme = "dark"
    person.click("supervox_show_uncertainty")
    save_png(person.picture(), folder / "window-unsure.png")
    person.click("supervox_show_labels")

    _correct_by_hand(person, folder)
    person.click("supervox_look_next")
    person.wait(lambda: session.looking.asked is not None, "a place to look at")
    save_png(person.look_panel(), folder / "look-panel.png")
    person.click("supervox_look_leave")

    person.click("supervox_finish")
    person.wait(lambda: session.delivery.is_finished, "the final labels")
    person.open_section(len(person.dock.sections))
    save_png(person.section(len(person.dock.sections)), folder / "section-export.png")
    person.open_section(5)
    _clean_up(person, folder)
    person.choose("supervox_objects_of", CLASSES[MITOCHONDRION])
    person.click("supervox_objects_find")
    person.wait(lambda: session.delivery.objects.found is not None, "the objects")
    save_png(person.section(5), folder / "section-objects.png")
    save_png(person.objects_table(), folder / "objects-table.png")
    body = [name for class_id, name in CLASSES.items() if class_id != OUTSIDE]
    save_png(person.objects_profile(body), folder / "objects-profile.png")
    _compare_labels(person, folder)
    person.viewer.window.resize(*LARGE)
    person.settle(1)
    person.viewer.reset_view()
    save_png(person.picture(), folder / "window-large.png")
    person.viewer.window.resize(1280, 800)
    person.click("supervox_3d")
    person.settle(1)
    save_png(person.picture(), folder / "window-3d.png")
    person.close()


def _compare_labels(person: Person, folder: Path) -> None:
    """Compare the final labels with the truth, as if it were another person's."""
    image = person.dock.session.volume.image
    assert image is not None
    truth = make_phantom(image.data.shape).labels
    placed = {"scale": image.scale, "units": image.units, "translate": image.translate}
    layer = person.viewer.add_labels(truth, name="her labels", visible=False, **placed)
    person.settle()
    save_png(person.compared_labels(layer.name), folder / "compare-labels.png")
    person.viewer.layers.remove(layer)


def _correct_by_hand(person: Person, folder: Path) -> None:
    """Paint labels themselves, where they are most wrong, and take that back."""
    session = person.dock.session
    assert session.volume.image is not None
    truth = make_phantom(session.volume.image.data.shape).labels
    person.click("supervox_paint_corrections")
    plane = int(person.viewer.dims.current_step[0])
    mistakes = _mistakes(person, truth, plane, 3)
    for class_id, line in mistakes:
        person.press(str(class_id))
        _draw(person, plane, line)
    save_png(person.picture(), folder / "correct-by-hand.png")
    for _ in mistakes:
        person.click("supervox_undo")
    person.click("supervox_paint_strokes")


def _clean_up(person: Person, folder: Path) -> None:
    """Look at what smoothing does, and leave it."""
    is_open = [section.is_open for section in person.dock.sections]
    for number in (3, 4):
        person.open_section(number, is_open=False)
    person.click("supervox_clean_fold")
    person.choose("supervox_clean_tool", "Smooth")
    person.choose("supervox_clean_of", CLASSES[MITOCHONDRION])
    person.click("supervox_clean_preview")
    person.wait(lambda: not person.dock.around.tools.is_busy, "the preview of smoothing")
    save_png(person.picture(), folder / "clean-up.png")
    person.click("supervox_clean_discard")
    person.click("supervox_clean_fold")
    for number in (3, 4):
        person.open_section(number, is_open=is_open[number - 1])


def _scroll(person: Person, plane: int) -> None:
    person.viewer.dims.set_current_step(0, plane)
    person.settle()


def _painting(folder: Path) -> None:
    """Strokes, labels, a correction: the animation of the README."""
    person = Person()
    session, viewer = person.dock.session, person.viewer
    viewer.open_sample("supervox", "cell")
    person.wait(lambda: session.painting.layer is not None, "the strokes' layer")
    person.open_section(3)
    person.slide("supervox_brush_size", BRUSH)
    person.prepare()
    person.open_section(4)
    assert session.volume.image is not None
    truth = make_phantom(session.volume.image.data.shape).labels
    plane = int((truth == MITOCHONDRION).sum(axis=(1, 2)).argmax())
    _scroll(person, plane)

    frames = [person.picture()]
    for row, class_id in enumerate((OUTSIDE, CYTOPLASM, NUCLEUS, MITOCHONDRION)):
        while len(session.classes) <= row:
            person.click("supervox_class_add")
            person.name_added_class(CLASSES[class_id])
        person.rename_class(row, CLASSES[class_id])
        person.press(str(row + 1))
        for line in _lines_within(truth[plane] == class_id, 2):
            _draw(person, plane, line)
            frames.append(person.picture())
        person.wait_for_labels()
        frames.append(person.picture())
    for class_id, line in _mistakes(person, truth, plane, 2):
        person.press(str(class_id))
        _draw(person, plane, line)
        frames.append(person.picture())
        person.wait_for_labels()
        person.wait(lambda: not session.pairs.is_running, "a ring")
        frames.append(person.picture())
        if session.pairs.pair is not None:
            save_png(frames[-1], folder / "window-pair.png")
    save_png(person.project_menu(), folder / "section-project.png")
    pauses = [700] * (len(frames) - 1) + [2500]
    save_animation(frames, folder / "painting.webp", width=ANIMATION_WIDTH, milliseconds=pauses)
    person.close()


def _draw(person: Person, plane: int, line: list[Place]) -> None:
    layer = person.dock.session.painting.layer
    assert layer is not None
    person.stroke(layer, [(plane, *place) for place in line])


def _lines_within(mask: NDArray[np.bool_], count: int) -> list[list[Place]]:
    """Return short lines where a structure is thickest, far from each other."""
    room = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    lines: list[list[Place]] = []
    rows, columns = np.indices(mask.shape)
    for _ in range(count):
        y, x = np.unravel_index(int(room.argmax()), room.shape)
        half = int(min(18, 0.6 * room[y, x]))
        lines.append([(y, x - half), (y + half // 3, x), (y, x + half)])
        room[np.hypot(rows - y, columns - x) < 60] = 0
    return lines


def _mistakes(
    person: Person, truth: NDArray[np.uint8], plane: int, count: int
) -> list[tuple[int, list[Place]]]:
    """Return where the labels in view are most wrong, and what is right there."""
    prediction = person.dock.session.view.prediction
    assert prediction is not None
    data = prediction.data[0] if prediction.multiscale else prediction.data
    shown = np.asarray(data[plane, :, :])
    found = []
    for class_id in (MITOCHONDRION, NUCLEUS, CYTOPLASM):
        wrong = (truth[plane] == class_id) & (shown != class_id)
        if wrong.any():
            found.append((int(wrong.sum()), class_id, _lines_within(wrong, 1)[0]))
    found.sort(key=lambda entry: -entry[0])
    return [(class_id, line) for _, class_id, line in found[:count]]
