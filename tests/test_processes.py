"""Work shared among processes: the answers of one process, in the order asked for."""

from __future__ import annotations

import os
import warnings

import pytest

from coalition_models.processes import in_processes


def test_answers_do_not_depend_on_the_workers():
    calls = [(2, power) for power in range(12)]
    expected = [2**power for power in range(12)]
    assert list(in_processes(pow, calls, 1)) == expected
    assert list(in_processes(pow, calls, 2)) == expected
    assert sorted(in_processes(pow, calls, 2, in_order=False)) == expected


def test_several_workers_are_other_processes():
    here = os.getpid()
    assert list(in_processes(os.getpid, [()], 1)) == [here]
    assert here not in list(in_processes(os.getpid, [()] * 4, 2))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_through(workers):
    with pytest.raises(ZeroDivisionError):
        list(in_processes(divmod, [(1, 1), (1, 0)], workers))


def test_a_process_that_gives_way_to_another_is_no_warning():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        list(in_processes(pow, [(2, 3)], 2))
        warnings.warn("A worker stopped while some jobs were given to the executor.", stacklevel=1)
        warnings.warn("something else", stacklevel=1)
    assert [str(one.message) for one in told] == ["something else"]
