"""The joint test has its level; a copy changes nothing; summaries by hand."""

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.sensitivity.joint import (
    janus,
    joint_test,
    near_copies,
    relative_ratio,
    stouffer,
)


def dependent(rng: np.random.Generator, worlds: int, specifications: int = 12) -> np.ndarray:
    shared = rng.normal(size=(worlds, 1))
    return 0.8 * shared + 0.6 * rng.normal(size=(worlds, specifications))


def test_p_values_are_uniform_where_nothing_is_to_be_found() -> None:
    rng = np.random.default_rng(1)
    p = np.array(
        [
            joint_test(w[0], w[1:], how="drawn").table["p_value"].to_numpy()
            for w in (dependent(rng, 100) for _ in range(400))
        ]
    )
    rejected = (p <= 0.05).mean(axis=0)
    assert (rejected < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)).all()
    assert (rejected[[0, 2]] > 0.02).all()


def test_a_specification_that_is_there_twice_counts_once() -> None:
    w = dependent(np.random.default_rng(2), 300)
    twice = np.column_stack([w, w[:, :5], w[:, 3] * 1.7])
    once, again = (joint_test(x[0], x[1:], how="drawn") for x in (w, twice))
    assert once.table.equals(again.table)
    assert (again.specifications, again.distinct) == (18, 12)


def test_p_values_count_the_data_among_the_draws() -> None:
    drawn = np.linspace(-1, 1, 19)[:, None]
    assert joint_test(np.array([5.0]), drawn, how="x").table["p_value"].tolist() == [0.05] * 3
    # 425 of 500 shuffles as extreme: (1 + 425) / 501
    shuffles = np.where(np.arange(500) < 425, 2.0, 0.5)[:, None]
    share = joint_test(np.array([2.0]), shuffles, how="x").table["p_value"].iloc[0]
    assert share == pytest.approx(426 / 501)


def test_what_has_no_statistic_is_left_out_and_counted() -> None:
    w = dependent(np.random.default_rng(3), 50, 4)
    w[0, 1] = np.nan
    w[7, 2] = np.nan
    found = joint_test(w[0], w[1:], how="drawn")
    assert (found.left_out, found.distinct) == (2, 2)
    assert "2 without a statistic" in repr(found)
    assert "<table" in found._repr_html_()
    with pytest.raises(cm.DataError, match="does not vary"):
        joint_test(np.array([np.nan]), w[1:, :1], how="drawn")
    with pytest.raises(cm.DataError, match="one column per specification"):
        joint_test(np.zeros(3), np.zeros((5, 2)), how="drawn")


def test_summaries_by_hand() -> None:
    assert stouffer([1.0, 2.0, 3.0, np.nan]) == pytest.approx(6 / np.sqrt(3))
    assert np.isnan(stouffer([]))
    assert [janus(x) for x in ([-0.1, 0.4], [0.1, 0.4], [])] == [True, False, False]
    ratio, gap = relative_ratio(np.log([1.0, 4.0]), [1.0, 0.01])
    assert ratio == pytest.approx(4**0.98)
    assert gap == pytest.approx(2 * 0.98)
    assert near_copies(np.zeros((1, 3))).tolist() == [0, 1, 2]
