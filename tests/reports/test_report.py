"""The report says what was done, in Markdown and HTML alike; the paragraph says it in words."""

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from supervox.project import Finding, Project, Severity
from supervox.reports.document import Section, Table, pictures_of, to_html, to_markdown
from supervox.reports.methods import CITATIONS, LeftOut, methods_paragraph
from supervox.reports.report import make_report
from supervox.segmentation import ClassifierParameters, RefinementParameters, SegmentationParameters


@pytest.fixture
def project(home):
    with Project.open(home / "cell.supervox", read_only=True) as opened:
        yield opened


@pytest.fixture
def sections(project):
    labels = np.zeros((40, 44, 48), np.uint8)
    labels[:10] = 1
    labels[20:25] = 3
    labels[30:32] = 3
    return make_report(project, labels, b"a picture")


def test_volumes_and_counts_are_physical(sections):
    table = sections[1].blocks[0]
    assert table.header[5] == "volume (um^3)"
    rows = {row[0]: row for row in table.rows}
    size = 44 * 48 * 0.03**3
    assert float(rows["1"][5]) == pytest.approx(10 * size, rel=1e-3)
    assert rows["1"][1] == "outside"
    assert (rows["1"][6], rows["3"][6], rows["2"][6]) == ("1", "2", "0")
    assert rows["3"][3] == f"{7 * 44 * 48:,}"
    assert rows["1"][4] == "58.8 %"  # of what has data


def test_objects_are_measured(sections):
    (section,) = [section for section in sections if section.title == "Objects"]
    table = section.blocks[0]
    assert table.header[5] == "mean volume (um^3)"
    rows = {row[0]: row for row in table.rows}
    assert rows["3"][:5] == ("3", "nucleus", "2", "2", "0")  # all reach the first row
    size = 44 * 48 * 0.03**3
    assert float(rows["3"][5]) == pytest.approx(3.5 * size, rel=1e-3)
    assert float(rows["3"][6]) == pytest.approx(1.5 * size, rel=1e-3)


def test_what_is_too_large_to_number_is_not_counted(project, monkeypatch):
    monkeypatch.setattr("supervox.reports.object_totals.MOST_COUNTED", 10)
    made = make_report(project, np.ones((40, 44, 48), np.uint8), b"a picture")
    assert "Objects" not in {section.title for section in made}
    assert {row[6] for row in made[1].blocks[0].rows} == {"not counted"}


def test_markdown_and_html_say_the_same(sections):
    markdown, page = to_markdown(sections), to_html(sections)
    seen = []

    class Reader(HTMLParser):
        def handle_data(self, data):
            seen.append(data)

    Reader().feed(page)
    text = " ".join(seen)
    for section in sections:
        assert f"# {section.title}" in markdown
        assert section.title in text
    for words in ("extremely randomised trees [2]", "doi:10.1109/TPAMI.2012.120", "nucleus"):
        assert words in markdown
        assert words in text
    (picture,) = pictures_of(sections)
    assert f"]({picture.name})" in markdown
    assert "data:image/png;base64," in page


def test_what_looks_like_markup_stays_text():
    sections = [Section("<b>", ("a < b", Table(("x",), (("a|b",), ("<script>",)))))]
    assert "a\\|b" in to_markdown(sections)
    assert "<script>" not in to_html(sections)
    assert "&lt;script&gt;" in to_html(sections)


@pytest.mark.parametrize(
    "text",
    [
        "*a*",
        "__a__",
        "_a_ b_c",
        "`a`",
        "a&lt;b",
        "[a](b)",
        "[a]: b",
        "# a",
        "- a",
        "a\\*b",
        "===",
        "1 < 2",
    ],
)
def test_no_text_is_taken_for_markup(text):
    page = to_html([Section(text, (text, Table((text, "x"), ((text, text),))))])
    body = page.partition("<body>")[2]
    assert body.count(html.escape(text)) == 5
    assert not re.findall("<(?:em|strong|code|a|ul|ol) ?", body)
    assert body.count("<h1>") == 1
    assert "<h2>" not in body


def test_the_paragraph_says_what_the_parameters_say(project):
    plain = SegmentationParameters(
        classifier=ClassifierParameters(trees=17, seed=5),
        refinement=RefinementParameters(strength=0),
        partitions=1,
        edge_refinement=False,
    )
    text, cited = methods_paragraph(replace(project.settings, parameters=plain), "1.2", 3, 20, [])
    assert "Supervox 1.2" in text
    assert "trained 17 extremely randomised trees [2] (seed 5)" in text
    assert "20 strokes of 3 classes" in text
    assert "40 x 44 x 48 voxels of 30 x 30 x 30 nm" in text
    assert "Markov" not in text
    assert "guided" not in text
    assert cited == [CITATIONS["slic"], CITATIONS["trees"]]
    full = replace(project.settings, parameters=SegmentationParameters())
    text, cited = methods_paragraph(full, "1.2", 3, 20, [1234])
    assert "alpha-expansion [3]" in text
    assert "guided filter [4]" in text
    assert "1,234 in the first partition" in text
    assert len(cited) == 4


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [
        (LeftOut(0.333, (0,)), "Voxels of the constant 0 had no data; 33.3 % of it was left out"),
        (LeftOut(0.5, (-1, 255)), "Voxels of the constants -1, 255 had no data; 50 % of it"),
        (LeftOut(0.25, ()), "Voxels that hold no number, 25 % of it, were left out."),
    ],
)
def test_methods_and_facts_say_what_had_no_data(project, left_out, sentence):
    text, _ = methods_paragraph(project.settings, "1.2", 3, 20, [], left_out=left_out)
    assert sentence in text
    labels = np.ones((40, 44, 48), np.uint8)
    labels[: round(40 * left_out.share)] = 0
    section = make_report(project, labels, b"a picture", left_out.fill_values)[0]
    (told,) = (row[1] for row in section.blocks[0].rows if row[0] == "no data")
    assert all(f"the constant {value:g}" in told for value in left_out.fill_values)
    labels[:] = 1
    section = make_report(project, labels, b"a picture")[0]
    assert "no data" not in {row[0] for row in section.blocks[0].rows}


def test_methods_say_that_trees_are_renewed(project):
    renewed = "After each change of the strokes a part of the trees was grown anew."
    for n_steps, method, is_told in ((1, "extra-trees", 0), (9, "extra-trees", 1), (9, "svm", 0)):
        parameters = SegmentationParameters(classifier=ClassifierParameters(method=method))
        settings = replace(project.settings, parameters=parameters)
        text, _ = methods_paragraph(settings, "1.2", 3, 20, [], n_steps=n_steps)
        assert (renewed in text) == is_told


def test_what_is_not_known_is_not_claimed(project):
    unknown = replace(project.settings, spacing_from="unknown", box=((0, 4), (0, 4), (0, 4)))
    text, _ = methods_paragraph(unknown, "1.2", 3, 20, [])
    assert "had 4 x 4 x 4 voxels (a part of the volume)." in text


def test_what_was_computed_again_is_no_damage(project):
    labels = np.zeros((40, 44, 48), np.uint8)
    project.findings += [
        Finding(Severity.DERIVED, "derived/model.npz", "was learned from other strokes"),
        Finding(Severity.LOSS, "annotations/strokes.journal", "12 bytes are damaged"),
    ]
    section = make_report(project, labels, b"a picture")[-1]
    assert section.title == "Damage that was found"
    assert section.blocks == ("annotations/strokes.journal: 12 bytes are damaged",)
