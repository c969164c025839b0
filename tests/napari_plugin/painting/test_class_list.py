"""The list of classes: ids that last, names that are unique, and what comes back."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from supervox.napari_plugin.painting.class_list import ClassError, ClassList
from supervox.project import MAX_ID, ProjectClass
from supervox.volumes import VolumeClass, class_colour


def listed(*names: str) -> ClassList:
    return ClassList(ProjectClass(k, name, f"#00000{k}") for k, name in enumerate(names, 1))


def heard(classes: ClassList) -> list[object]:
    """Collect what the list tells."""
    told: list[object] = []
    classes.changed.connect(lambda: told.append("changed"))
    classes.selected_changed.connect(told.append)
    return told


def test_the_first_class_is_selected() -> None:
    assert listed("a", "b").selected == 1
    assert ClassList().selected == 0


def test_adding_selects_and_names() -> None:
    classes = listed("a", "b")
    told = heard(classes)
    item = classes.add()
    assert (item.id, item.name) == (3, "class 3")
    assert classes.selected == 3
    assert told == ["changed", 3]
    assert classes.add("nucleus").name == "nucleus"


def test_an_id_is_not_given_again_while_another_is_free() -> None:
    classes = listed("a", "b", "c")
    classes.remove(3)
    assert classes.add().id == 4
    classes.remove(4)
    assert classes.add().id == 5


def test_ids_are_given_again_when_no_other_is_left() -> None:
    classes = ClassList(ProjectClass(k, f"c{k}", "#000000") for k in range(1, MAX_ID + 1))
    classes.remove(7)
    assert classes.add().id == 7


def test_a_class_has_the_colour_that_pictures_and_the_command_line_give_it() -> None:
    classes = ClassList()
    classes.ensure([*range(2, 13), 1])
    assert all(item.colour == class_colour(item.id) for item in classes)


def test_255_classes_and_no_more() -> None:
    classes = ClassList()
    for _ in range(MAX_ID):
        classes.add()
    assert classes.ids == tuple(range(1, 256))
    assert len({item.name for item in classes}) == len({item.colour for item in classes}) == MAX_ID
    with pytest.raises(ClassError, match="delete one"):
        classes.add()
    assert len(classes) == MAX_ID


def test_what_was_removed_comes_back_with_name_and_colour() -> None:
    classes = listed("a", "b", "c")
    classes.change(2, name="nucleus", colour="#123456", locked=True, visible=False)
    classes.remove(2)
    assert 2 not in classes
    classes.ensure([1, 2])
    assert classes[2] == ProjectClass(2, "nucleus", "#123456")
    assert classes.ids == (1, 2, 3)


def test_unknown_values_get_a_class() -> None:
    classes = ClassList()
    told = heard(classes)
    classes.ensure([9, 4])
    assert classes.ids == (9, 4)
    assert classes.selected == 9
    assert [item.name for item in classes] == ["class 9", "class 4"]
    told.clear()
    classes.ensure([4])
    assert told == []


def test_removing_the_selected_class_selects_another() -> None:
    classes = listed("a", "b")
    told = heard(classes)
    classes.remove(1)
    assert classes.selected == 2
    classes.remove(2)
    assert classes.selected == 0
    assert told == [2, "changed", 0, "changed"]


def test_selecting_what_is_not_there() -> None:
    classes = listed("a")
    with pytest.raises(ClassError, match="no class 2"):
        classes.selected = 2
    with pytest.raises(ClassError, match="no class 2"):
        _ = classes[2]


def test_changes() -> None:
    classes = listed("a", "b")
    told = heard(classes)
    classes.change(1, name="  cytoplasm ")
    classes.change(1, colour="#abcdef", visible=False, locked=True)
    assert classes[1] == ProjectClass(1, "cytoplasm", "#abcdef", visible=False, locked=True)
    told.clear()
    classes.change(1, name="cytoplasm", locked=True)
    assert told == []


@pytest.mark.parametrize(("name", "message"), [("b", "called 'b' already"), (" ", "needs a name")])
def test_names_that_are_refused(name: str, message: str) -> None:
    classes = listed("a", "b")
    with pytest.raises(ClassError, match=message):
        classes.change(1, name=name)
    assert classes[1].name == "a"


def test_moving_changes_the_order_only() -> None:
    classes = listed("a", "b", "c")
    classes.move(3, 0)
    assert classes.ids == (3, 1, 2)
    assert classes.selected == 1
    assert [item.value for item in classes.for_files()] == [1, 2, 3]


def test_for_files() -> None:
    classes = listed("a", "b", "c")
    assert classes.for_files([3, 1, 99]) == (
        VolumeClass(1, "a", "#000001"),
        VolumeClass(3, "c", "#000003"),
    )


def test_names_and_colours_of_a_file() -> None:
    classes = listed("background", "structure")
    classes.adopt(
        [
            VolumeClass(2, "nucleus", "#ff0000"),
            VolumeClass(5, "lipid"),
            VolumeClass(0, "nothing"),
            VolumeClass(300, "too high"),
        ]
    )
    assert [(item.id, item.name) for item in classes] == [
        (1, "background"),
        (2, "nucleus"),
        (5, "lipid"),
    ]
    assert classes[2].colour == "#ff0000"


def test_a_file_may_exchange_names() -> None:
    classes = listed("a", "b")
    classes.adopt([VolumeClass(1, "b"), VolumeClass(2, "a")])
    assert [item.name for item in classes] == ["b", "a"]


def test_the_names_of_a_file_stand() -> None:
    classes = listed("background", "structure")
    classes.adopt([VolumeClass(4, "background"), VolumeClass(5, "background"), VolumeClass(6, " ")])
    assert {item.id: item.name for item in classes} == {
        1: "background (1)",
        2: "structure",
        4: "background",
        5: "background (5)",
        6: "class 6",
    }


def test_a_name_that_was_taken_meanwhile() -> None:
    classes = listed("a", "b", "c")
    classes.remove(3)
    classes.change(2, name="c")
    classes.ensure([3, 3])
    assert [(item.id, item.name) for item in classes] == [(1, "a"), (2, "c"), (3, "c (3)")]


class AnyOrder(RuleBasedStateMachine):
    """Whatever is done to the list, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.classes = listed("a", "b")

    def one(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(self.classes.ids))

    @rule()
    def add(self) -> None:
        self.classes.add()

    @rule(ids=st.lists(st.integers(1, 9), max_size=3))
    def ensure(self, ids: list[int]) -> None:
        self.classes.ensure(ids)
        assert set(ids) <= set(self.classes.ids)

    @rule(found=st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc")), max_size=3))
    def adopt(self, found: list[tuple[int, str]]) -> None:
        self.classes.adopt([VolumeClass(value, name) for value, name in found])

    @precondition(lambda self: len(self.classes))
    @rule(data=st.data(), name=st.sampled_from(["a", "b", "c", "class 3", "class 4"]))
    def rename(self, data: st.DataObject, name: str) -> None:
        taken = {item.name: item.id for item in self.classes}
        chosen = self.one(data)
        if taken.get(name, chosen) == chosen:
            self.classes.change(chosen, name=name)
        else:
            with pytest.raises(ClassError):
                self.classes.change(chosen, name=name)

    @precondition(lambda self: len(self.classes))
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.classes.remove(self.one(data))

    @precondition(lambda self: len(self.classes))
    @rule(data=st.data(), to=st.integers(0, 3))
    def move(self, data: st.DataObject, to: int) -> None:
        before = sorted(self.classes.ids)
        self.classes.move(self.one(data), to)
        assert sorted(self.classes.ids) == before

    @invariant()
    def ids_and_names_are_unique(self) -> None:
        assert len(set(self.classes.ids)) == len(self.classes)
        assert len({item.name for item in self.classes}) == len(self.classes)
        assert all(1 <= class_id <= MAX_ID for class_id in self.classes.ids)

    @invariant()
    def one_is_selected_if_there_is_one(self) -> None:
        selected = self.classes.selected
        assert selected in self.classes if len(self.classes) else selected == 0


AnyOrder.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
TestAnyOrder = AnyOrder.TestCase


def test_a_class_comes_back_in_its_place() -> None:
    classes = ClassList(ProjectClass(k, f"class {k}", "#123456") for k in (1, 2, 3))
    classes.remove(1)
    assert classes.ids == (2, 3)
    classes.ensure([1])
    assert classes.ids == (1, 2, 3)
