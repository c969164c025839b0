import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from supervox.project.changes import By, ObjectChange, Paint, VoxelChange, change_between
from supervox.project.records import (
    LOG,
    Record,
    RecordKind,
    Role,
    decode,
    encode,
    kind_of,
    parse_header,
)
from supervox.segmentation.strokes import Strokes, find_strokes


def change(voxels, old, new):
    return VoxelChange(np.array(voxels, np.int64), np.array(old, np.uint8), np.array(new, np.uint8))


def there_and_back(record):
    data = encode(record)
    header = parse_header(data)
    assert header.total == len(data)
    return decode(header, data[LOG.header_bytes :])


@st.composite
def changes(draw):
    voxels = draw(st.lists(st.integers(0, 2**40), unique=True, max_size=60).map(sorted))
    classes = hnp.arrays(np.uint8, len(voxels))
    paint, by = draw(st.sampled_from(Paint)), draw(st.sampled_from(By))
    return VoxelChange(np.array(voxels, np.int64), draw(classes), draw(classes), paint, by)


@given(changes(), st.integers(0, 2**40), st.sampled_from(Role))
def test_a_change_survives_its_record(content, number, role):
    record = Record(
        number, 1.5, content, kind_of(content), role, None if role is Role.CHANGE else 7
    )
    assert there_and_back(record) == record


def test_a_table_survives_its_record():
    record = Record(3, 2.0, {"classes": [{"id": 1, "name": "Zellkern ü"}]}, RecordKind.CLASSES)
    assert there_and_back(record) == record


def test_an_edit_of_the_objects_survives_its_record():
    content = ObjectChange({"kind": "cut", "line": [[1, 2, 3], [1, 8, 3]]}, False)
    record = Record(3, 2.0, content, RecordKind.OBJECTS)
    assert there_and_back(record) == record
    assert content.inverse.is_there


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"edit": {"kind": "cut"}}, "damaged"),
        ({"edit": [], "is_there": True}, "damaged"),
        ({"edit": {"kind": "cut"}, "is_there": 1}, "damaged"),
        ({"edit": {"line": []}, "is_there": True}, "doesn't say what is done"),
    ],
)
def test_what_is_no_edit_of_the_objects_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        ObjectChange.from_json(content)


def test_records_of_the_first_version_are_read():
    step = (
        "895356587265630a04000000000000000300000000000000ffffffffffffffff000000000000f83f"
        "1000000000000000a8e74f623524acd47801ab564a54b25230ac050009e50229"
    )
    undo = (
        "895356587265630a01010000030000000700000000000000040000000000000000000000000004401300000000"
        "0000004de9e8b10d29ed9a78016361626661800346064606260001000012"
    )
    expected = [
        Record(3, 1.5, {"a": 1}, RecordKind.STEP),
        Record(7, 2.5, change([2, 5, 9], [0, 1, 0], [1, 0, 2]), RecordKind.VOXELS, Role.UNDO, 4),
    ]
    for text, record in zip((step, undo), expected, strict=True):
        data = bytes.fromhex(text)
        header = parse_header(data)
        assert header.total == len(data)
        assert decode(header, data[LOG.header_bytes :]) == record
        assert encode(record)[:40] == data[:40], "up to the length, which is zlib's"


def test_a_stroke_takes_little():
    rows = np.arange(20)[:, None] * 1000 + np.arange(50)
    stroke = change(rows.ravel(), np.zeros(1000), np.full(1000, 3))
    assert len(encode(Record(0, 0.0, stroke))) < LOG.header_bytes + 100


@given(st.data())
def test_no_flipped_bit_passes(data):
    whole = encode(Record(5, 1.0, change([1, 5, 9], [0, 0, 2], [1, 1, 0])))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    damaged = bytearray(whole)
    damaged[bit // 8] ^= 1 << bit % 8
    header = parse_header(bytes(damaged))
    if header is not None:
        with pytest.raises(ValueError, match="its checksum is wrong"):
            decode(header, bytes(damaged[LOG.header_bytes :]))


def test_a_payload_can_not_unpack_to_more_than_its_voxels():
    data = encode(Record(0, 0.0, change(range(1000), [0] * 1000, [1] * 1000)))
    header = parse_header(data)._replace(n_voxels=3)
    with pytest.raises(ValueError, match="larger than its header says"):
        decode(header, data[LOG.header_bytes :])


def test_a_payload_must_have_as_many_voxels_as_its_header_says():
    data = encode(Record(0, 0.0, change([1, 2], [0, 0], [1, 1])))
    header = parse_header(data)._replace(n_voxels=30)
    with pytest.raises(ValueError, match="does not fit its voxels"):
        decode(header, data[LOG.header_bytes :])


def test_the_inverse_takes_a_change_back():
    volume = np.zeros((2, 3, 4), np.uint8)
    volume[0, 0, 1] = 4
    before = volume.copy()
    stroke = change([1, 20], [4, 0], [2, 2])
    stroke.apply({Paint.STROKES: volume})
    assert volume[0, 0, 1] == volume[1, 2, 0] == 2
    stroke.inverse.apply({Paint.STROKES: volume})
    np.testing.assert_array_equal(volume, before)


@pytest.mark.parametrize(
    ("voxels", "old", "message"),
    [
        (np.array([2, 1]), np.zeros(2, np.uint8), "ascending"),
        (np.array([1, 1]), np.zeros(2, np.uint8), "ascending"),
        (np.array([-1, 1]), np.zeros(2, np.uint8), "not negative"),
        (np.array([1, 2]), np.zeros(3, np.uint8), "one for each voxel"),
        (np.array([1, 2]), np.zeros(2, np.int64), "are uint8"),
        (np.array([1, 2], np.int32), np.zeros(2, np.uint8), "list of int64"),
    ],
)
def test_what_is_no_change_is_refused(voxels, old, message):
    with pytest.raises(ValueError, match=message):
        VoxelChange(voxels, old, np.zeros(voxels.size, np.uint8))


def test_a_change_knows_whether_it_fits():
    assert change([23], [0], [1]).fits((2, 3, 4))
    assert not change([24], [0], [1]).fits((2, 3, 4))
    assert change([], [], []).fits((1, 1, 1))


@given(hnp.arrays(np.uint8, (3, 4, 5)), hnp.arrays(np.uint8, (3, 4, 5)))
def test_the_change_between_two_scans_leads_from_one_to_the_other(before, after):
    found = change_between(find_strokes(before), find_strokes(after))
    assert found.voxels.size == (before != after).sum()
    volume = before.copy()
    found.apply({Paint.STROKES: volume})
    np.testing.assert_array_equal(volume, after)


def test_nothing_changed_between_equal_scans():
    strokes = Strokes(np.array([3, 8]), np.array([1, 2], np.uint16))
    assert change_between(strokes, strokes).voxels.size == 0
