import pandas as pd
import pytest

from pmanalytics import Lifecycle, PMAnalyticsError


def test_statuses_are_found_whatever_their_case_and_unicode_form():
    flow = Lifecycle({"Prüfung": ["In Prüfung"]})
    decomposed = pd.Series([" in prüfung "])
    assert flow.stages_of(decomposed).tolist() == ["Prüfung"]


def test_a_status_claimed_twice_is_refused():
    with pytest.raises(
        PMAnalyticsError, match="'Doing' and 'Testing' both claim the status 'review'"
    ):
        Lifecycle({"Doing": ["Review"], "Testing": ["review "]})


def test_a_terminal_stage_must_be_a_stage():
    with pytest.raises(PMAnalyticsError, match="'Gone' is no stage; the stages are Doing"):
        Lifecycle({"Doing": []}, terminal=["Gone"])
