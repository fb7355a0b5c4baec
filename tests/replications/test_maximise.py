"""The climb of a study's own likelihood: by hand, and where there is nothing to climb."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.errors import FitError
from coalition_models.replications.maximise import maximise


def test_a_poisson_mean_by_hand():
    counts = np.array([1.0, 2.0, 6.0])
    found = maximise(lambda b: (counts * b[0] - np.exp(b[0])).sum(), np.zeros(1))
    # the mean is 3; the information of its logarithm is the sum, 9
    assert found.point == pytest.approx([np.log(3)])
    assert found.std_errors == pytest.approx([1 / 3])
    assert found.value == pytest.approx(9 * np.log(3) - 9)


def test_what_has_no_maximum_is_refused():
    with pytest.raises(FitError, match="no maximum"):
        maximise(lambda b: b[0], np.zeros(1))
