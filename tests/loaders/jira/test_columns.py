import csv

import pandas as pd
import pytest

from pmanalytics import Quarantine, load_jira_csv
from pmanalytics.errors import MissingColumnsError

BASE = ["Issue key", "Status", "Created"]
STANDARD = ["Done", "02/Jan/24 3:04 PM"]


@pytest.fixture
def load(tmp_path):
    """Return a loader of rows that have further cells behind those every issue has."""

    def loaded(header, *rows, columns=None):
        path = tmp_path / "jira.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            lines = [[f"ABC-{n}", *STANDARD, *row] for n, row in enumerate(rows, 1)]
            csv.writer(file).writerows([[*BASE, *header], *lines])
        quarantine = Quarantine()
        items = load_jira_csv(path, time_zone="UTC", columns=columns, quarantine=quarantine)
        return items, quarantine

    return loaded


def uses(quarantine):
    columns = quarantine.columns
    return [
        [row.header, None if pd.isna(row.column) else row.column, row.use]
        for row in columns.iloc[len(BASE) :].itertuples()
    ]


@pytest.mark.parametrize("header", ["Comment", "Kommentar", "Attachment", "Log Work", "Watchers"])
def test_a_field_with_a_column_per_value_becomes_a_list(load, header):
    asked = {"mine": header}
    items, _ = load([header, header], ["first", "second"], ["", "third"], columns=asked)
    assert items["mine"].tolist() == [["first", "second"], ["third"]]
    items, _ = load([header], ["only"], columns=asked)
    assert items["mine"].tolist() == [["only"]]


def test_links_are_named_by_their_kind_in_any_language(load):
    header = ["Enlace de incidencia saliente (Blocks)", "Outward issue link (Relates)"]
    items, quarantine = load(header, ["XY-1", "XY-2"], ["", "XY-3"], ["", " "])
    expected = [["Blocks: XY-1", "Relates: XY-2"], ["Relates: XY-3"], []]
    assert items["links"].tolist() == expected
    assert uses(quarantine) == [[name, "links", "used"] for name in header]


def test_two_fields_of_one_name_stay_apart(load):
    header = ["Custom field (Size)"] * 3
    rows = [["1", "10", ""], ["2", "2", "3"], ["", "30", ""]]
    asked = {"first": "Size #1", "second": "Custom field (Size) #2", "third": "Size #3"}
    items, quarantine = load(header, *rows, columns=asked)
    assert items[["first", "second", "third"]].fillna("").to_numpy().tolist() == rows
    assert quarantine.notes == []
    assert uses(quarantine) == [
        ["Custom field (Size)", "first", "used"],
        ["Custom field (Size) #2", "second", "used"],
        ["Custom field (Size) #3", "third", "used"],
    ]


def test_fields_of_one_name_that_contradict_each_other_are_not_mixed(load):
    header = ["Custom field (Story Points)"] * 2
    items, quarantine = load(header, ["1", "10"], ["", "20"], ["3", "3"])
    assert items["story_points"].fillna(-1).tolist() == [1, -1, 3]
    assert quarantine.notes == [
        "jira.csv: 2 columns are named 'Custom field (Story Points)' and differ in 1 row; "
        "the first counts as story_points. To choose, say in "
        'columns: story_points = "Custom field (Story Points) #2", or #1 for the first.'
    ]
    assert uses(quarantine) == [
        ["Custom field (Story Points)", "story_points", "used"],
        ["Custom field (Story Points) #2", None, "ignored"],
    ]


def test_a_choice_between_fields_of_one_name_is_followed(load):
    header = ["Custom field (Story Points)"] * 2
    rows = [["1", "10"], ["", "20"]]
    second = {"story_points": "Custom field (Story Points) #2"}
    items, quarantine = load(header, *rows, columns=second)
    assert items["story_points"].tolist() == [10, 20]
    assert quarantine.notes == []
    with pytest.raises(MissingColumnsError, match="lacks: Story Points #3"):
        load(header, *rows, columns={"story_points": "Story Points #3"})


def test_fields_of_one_name_that_never_contradict_are_one(load):
    header = ["Custom field (Story Points)"] * 2
    items, quarantine = load(header, ["1", ""], ["", "20"], ["3", "3"])
    assert items["story_points"].tolist() == [1, 20, 3]
    assert quarantine.notes == []
    assert [use for *_, use in uses(quarantine)] == ["used", "used"]


def test_points_of_both_kinds_of_project_are_taken(load):
    header = ["Custom field (Story point estimate)", "Custom field (Story Points)"]
    items, quarantine = load(header, ["1", ""], ["", "2"], ["3", "4"])
    assert items["story_points"].tolist() == [1, 2, 4]
    assert quarantine.notes == [
        "jira.csv: 'Custom field (Story Points)' and 'Custom field (Story point estimate)' differ "
        "in 1 row; there the first counts as story_points. To choose, say in "
        'columns: story_points = "header in the file".'
    ]


@pytest.mark.parametrize(
    "header",
    [
        "Custom field (Team Size)",
        "Benutzerdefinierte Felder (Team Size)",
        "Champs personnalisés (Team Size)",
        "Campo personalizado (team size )",
    ],
)
@pytest.mark.parametrize("wanted", ["Team Size", "Custom field (Team Size)"])
def test_a_custom_field_is_found_by_its_name_in_any_language(load, header, wanted):
    items, _ = load([header], ["5"], columns={"story_points": wanted})
    assert items["story_points"].tolist() == [5]


def test_an_exact_header_goes_before_a_custom_field_of_that_name(load):
    header = ["Custom field (Size)", "Size", "Size #2"]
    items, _ = load(header, ["1", "2", "3"], columns={"a": "Size", "b": "Size #2"})
    assert items[["a", "b"]].to_numpy().tolist() == [["2", "3"]]


def test_status_categories_become_jiras_keys_and_unknown_words_stay(load):
    words = ["Itens concluídos", "IN PROGRESS", "To Do", "new", "Terminé", "Quelque chose", ""]
    items, _ = load(["Status Category"], *[[word] for word in words])
    expected = ["done", "indeterminate", "new", "new", "done", "Quelque chose", ""]
    assert items["status_category"].fillna("").tolist() == expected


def test_columns_nobody_asked_for_are_listed_as_ignored(load):
    header = ["Parent", "Parent key", "Custom field (Impact)", "Custom field (Impact)", "Comment"]
    _, quarantine = load(header, ["", "", "1", "2", "hello"])
    assert uses(quarantine) == [
        ["Parent", "parent_key", "used"],
        ["Parent key", "parent_key", "used"],
        ["Custom field (Impact)", None, "ignored"],
        ["Custom field (Impact) #2", None, "ignored"],
        ["Comment", None, "ignored"],
    ]
