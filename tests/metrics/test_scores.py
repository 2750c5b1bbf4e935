import numpy as np
import pytest

from pmanalytics.metrics.scores import pinball_loss


def test_losses_and_coverage_are_the_worked_ones(examples):
    """M39."""
    above, below, mean, covered = examples["M39"]["expected"]
    assert pinball_loss([10, 6], [8, 8], 0.85) == pytest.approx([above, below])
    outcomes = np.array([10, 6, 8, 12, 7])
    assert pinball_loss(outcomes, 9, 0.85).mean() == pytest.approx(mean)
    assert (outcomes <= 9).mean() == covered
