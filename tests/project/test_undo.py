from hypothesis import given
from hypothesis import strategies as st
from supervox.project.records import Role
from supervox.project.undo import UndoStack


def test_nothing_to_undo_at_first():
    stack = UndoStack()
    assert (stack.next_undo, stack.next_redo, len(stack)) == (None, None, 0)


def test_a_change_after_an_undo_cuts_the_branch():
    stack = UndoStack()
    for number in (1, 2):
        stack.note(number, Role.CHANGE, None)
    stack.note(3, Role.UNDO, 2)
    assert (stack.next_undo, stack.next_redo) == (1, 2)
    stack.note(4, Role.CHANGE, None)
    assert (stack.next_undo, stack.next_redo) == (4, None)


def test_an_undo_of_what_lies_deeper_drops_what_was_above():
    stack = UndoStack()
    for number in (1, 2, 3):
        stack.note(number, Role.CHANGE, None)
    stack.note(5, Role.UNDO, 2)  # record 4, the undo of 3, is lost
    assert (stack.next_undo, stack.next_redo) == (1, 2)


def test_an_undo_of_what_is_lost_is_passed_over():
    stack = UndoStack()
    stack.note(1, Role.CHANGE, None)
    stack.note(3, Role.UNDO, 2)
    stack.note(4, Role.REDO, 2)
    assert (stack.next_undo, stack.next_redo) == (1, None)


@given(st.lists(st.sampled_from(["change", "undo", "redo"]), max_size=80))
def test_it_does_what_two_lists_do(steps):
    stack, done, undone = UndoStack(), [], []
    for number, step in enumerate(steps):
        if step == "change":
            stack.note(number, Role.CHANGE, None)
            done.append(number)
            undone.clear()
        elif step == "undo" and done:
            stack.note(number, Role.UNDO, stack.next_undo)
            undone.append(done.pop())
        elif step == "redo" and undone:
            stack.note(number, Role.REDO, stack.next_redo)
            done.append(undone.pop())
        assert stack.next_undo == (done[-1] if done else None)
        assert stack.next_redo == (undone[-1] if undone else None)
