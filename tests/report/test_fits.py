"""One fit, a list, a dict, a Series: tables and pictures take them all."""

from __future__ import annotations

from operator import attrgetter

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError

DF = pd.DataFrame(
    {
        "state": list("ABCDEFGH"),
        "start": 0,
        "stop": range(1, 9),
        "event": [1, 1, 1, 0, 1, 1, 1, 0],
        "risk": [2, 1, 0, 2, 1, 2, 0, 1],
    }
)


@pytest.fixture(scope="module")
def fits():
    return cm.cox("event ~ risk", DF), cm.cox("event ~ risk", DF, ties="breslow")


def forms(fits):
    one, other = fits
    return {
        "dict": ({"Efron": one, "Breslow": other}, ["Efron", "Breslow"]),
        "Series": (pd.Series({"Efron": one, "Breslow": other}), ["Efron", "Breslow"]),
        "list": ([one, other], ["(1)", "(2)"]),
        "tuple": ((one, other), ["(1)", "(2)"]),
        "generator": ((fit for fit in (one, other)), ["(1)", "(2)"]),
        "view": ({"a": one, "b": other}.values(), ["(1)", "(2)"]),
        "numbers as names": ({2003: one, 2004: other}, ["2003", "2004"]),
        "one by name": ({"Cox": one}, ["Cox"]),
    }


FORMS = list(forms((None, None)))


@pytest.mark.parametrize("form", FORMS)
def test_a_table_takes_every_form(fits, form):
    given, names = forms(fits)[form]
    assert list(cm.table(given).header) == ["", *names]


@pytest.mark.parametrize("form", FORMS)
def test_coefficients_are_drawn_of_every_form(fits, form):
    given, names = forms(fits)[form]
    assert list(dict.fromkeys(cm.plot.coefficients(given).data["fit"])) == names


@pytest.mark.parametrize("form", FORMS)
def test_predictions_are_drawn_of_every_form(fits, form):
    given, names = forms(fits)[form]
    plot = cm.plot.survival(given, {"risk": [0, 2]})
    assert list(dict.fromkeys(plot.data["fit"])) == names
    labels = [line.get_label() for line in plot.figure.axes[0].lines]
    assert labels == [f"{name}: risk = {risk}" for name in names for risk in (0, 2)]


@pytest.mark.parametrize("form", FORMS)
def test_curves_are_drawn_of_every_form(form):
    curves = cm.survival_curve(DF), cm.survival_curve(DF.iloc[:6])
    given, names = forms(curves)[form]
    plot = cm.plot.survival(given)
    assert list(dict.fromkeys(plot.data["group"])) == names
    first = plot.data[plot.data["group"] == names[0]]["survival"].tolist()
    assert first == curves[0].table["survival"].tolist()


def test_one_fit_stays_without_a_name(fits):
    assert list(cm.table(fits[0]).header) == ["", "(1)"]
    assert set(cm.plot.coefficients(fits[0]).data["fit"]) == {""}
    assert "fit" not in cm.plot.survival(fits[0], {"risk": [0]}).data
    assert list(cm.table({"a": fits[0]}, names=["b"]).header) == ["", "b"]


def test_names_that_repeat_stay_apart_in_a_picture(fits):
    same = pd.Series(list(fits), index=["Cox", "Cox"])
    assert list(dict.fromkeys(cm.plot.coefficients(same).data["fit"])) == ["Cox", "Cox (2)"]


@pytest.mark.parametrize("wrong", [{}, [], None, "Cox", 3, {"a": 1}, [None], DF, {"a": DF}])
@pytest.mark.parametrize("call", ["table", "plot.coefficients", "plot.survival"])
def test_anything_else_is_refused_by_name(call, wrong):
    options = {"scenarios": {"risk": [0]}} if call == "plot.survival" else {}
    argument = "fit" if call == "plot.survival" else "fits"
    with pytest.raises(DataError, match=rf"\b{argument}\b.*(a list|a dict)"):
        attrgetter(call)(cm)(wrong, **options)


def test_fits_and_curves_are_not_mixed(fits):
    with pytest.raises(DataError, match="fits or curves, not both"):
        cm.plot.survival([fits[0], cm.survival_curve(DF)], {"risk": [0]})
    narrow = cm.survival_curve(DF, level=0.9)
    with pytest.raises(DataError, match="limits of one level"):
        cm.plot.survival({"a": narrow, "b": cm.survival_curve(DF)})


@pytest.mark.parametrize(
    ("by", "labels"),
    [
        ("flag", ["flag = 0", "flag = 1"]),
        ("word", ["no", "yes"]),
        ("truth", ["truth = False", "truth = True"]),
        (["flag", "word"], ["flag = 0, no", "flag = 1, yes"]),
    ],
)
def test_a_number_in_the_legend_says_what_it_is_of(by, labels):
    flag = [0.0, 1.0] * 4
    rows = DF.assign(flag=flag, truth=[x == 1 for x in flag])
    rows["word"] = rows["truth"].map({True: "yes", False: "no"})
    axis = cm.plot.survival(cm.survival_curve(rows, by=by)).figure.axes[0]
    assert [line.get_label() for line in axis.lines] == labels


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ({}, "months since entry"),
        ({"period": "year"}, "years since entry"),
        ({"period": "quarter", "clock": "coalition"}, "quarters since the coalition began"),
    ],
)
def test_the_axis_of_time_says_its_unit(options, label):
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"], **options)
    curve = cm.survival_curve(panel)
    assert cm.plot.survival(curve).figure.axes[0].get_xlabel() == label
    assert cm.plot.survival({"a": curve}).figure.axes[0].get_xlabel() == label
    assert cm.plot.survival(curve, xlabel="t").figure.axes[0].get_xlabel() == "t"
    assert cm.plot.survival(cm.survival_curve(DF)).figure.axes[0].get_xlabel() == "time at risk"
