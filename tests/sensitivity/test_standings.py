"""Which options are run: by standing, by condition, a random part, never too many."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sensitivity import Dimension, Option, spec_curve
from coalition_models.sensitivity.standings import of_standing, picked, table_of

SPEC = cm.Specification("cox", "event ~ risk + size", cluster="state")


def same(setting):
    return setting


def outcome() -> Dimension:
    return Dimension(
        "outcome",
        [
            Option("early", same),
            Option("strict", same, "uncertain", "half of them"),
            Option("all ends", same, "not equivalent", "another outcome"),
        ],
    )


def controls() -> Dimension:
    return Dimension(
        "controls",
        {"size": same, "none": lambda s: s.respecify(formula="event ~ risk")},
    )


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return cm.simulate_panel(members=40, coefficients={"risk": 0.8, "size": 0.2}, seed=1)


def test_another_question_is_in_no_median_unless_asked_for(panel: pd.DataFrame) -> None:
    both = [outcome(), controls()]
    curve = spec_curve(SPEC, "risk", both, panel=panel)
    assert curve.table["outcome"].tolist() == ["early", "early", "strict", "strict"]
    only = spec_curve(SPEC, "risk", both, panel=panel, standings=["not equivalent", "equivalent"])
    assert set(only.table["outcome"]) == {"early", "all ends"}
    assert table_of(both)["standing"].tolist()[:3] == ["equivalent", "uncertain", "not equivalent"]


def test_conditions_and_samples_are_rows_of_the_whole(panel: pd.DataFrame) -> None:
    both = [outcome(), controls()]
    whole = spec_curve(SPEC, "risk", both, panel=panel).table
    here = spec_curve(
        SPEC, "risk", both, panel=panel,
        where=lambda chosen: chosen["outcome"] == "early" or chosen["controls"] == "none",
    ).table  # fmt: skip
    pd.testing.assert_frame_equal(
        here, whole.drop(index=2).reset_index(drop=True), check_exact=True
    )
    drawn = [
        spec_curve(SPEC, "risk", both, panel=panel, sample=2, seed=5, workers=n).table
        for n in (1, 2)
    ]
    pd.testing.assert_frame_equal(*drawn, check_exact=True)
    assert len(drawn[0]) == 2
    assert drawn[0].merge(whole, how="left", indicator=True)["_merge"].eq("both").all()


def test_places_are_those_of_the_crossing() -> None:
    dims = [Dimension.of("a", [1, 2, 3]), Dimension.of("b", ["x", "y"])]
    assert picked(dims) is None
    assert picked(dims, where=lambda one: one["b"] == "y") == [1, 3, 5]
    many = [tuple(picked(dims, sample=2, seed=seed) or ()) for seed in range(400)]
    share = np.bincount(np.array(many).ravel(), minlength=6) / 800
    assert share == pytest.approx(1 / 6, abs=0.05)
    assert picked(dims, sample=3, seed=1) == picked(dims, sample=3, seed=1)


def test_misuse_is_refused(panel: pd.DataFrame) -> None:
    dims = [outcome(), controls()]
    for call, words in [
        (lambda: Option("a", same, "perhaps"), "standing must be"),
        (lambda: of_standing(dims, ["perhaps"]), "standings must be"),
        (lambda: of_standing([controls()], ["uncertain"]), "has no option"),
        (lambda: picked(dims, limit=2), "6 combinations are more than limit=2"),
        (lambda: picked(dims, where=lambda one: False), "keeps none"),
        (lambda: picked(dims, sample=0), "sample must be"),
        (lambda: spec_curve(SPEC, "risk", dims, panel=panel, limit=3), "limit=3"),
    ]:
        with pytest.raises(cm.DataError, match=words):
            call()
