import pytest
from judge import HONEST
from pollution import all_cases, our_finding

CASES = all_cases()


def test_no_two_damages_have_one_name():
    names = [(case.group, case.name) for case in CASES]
    assert len(names) == len(set(names)) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}: {case.name}")
def test_each_damage_is_borne_or_told_at_its_place(case):
    """Whatever real exports do to a file, nothing is lost, invented or changed without a word."""
    finding = our_finding(case)
    assert finding.verdict in HONEST, finding.detail
