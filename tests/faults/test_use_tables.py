"""Models by name in tables, copies that travel, odd names, row labels, frames of other packages."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FormulaError

MODELS = {
    "Cox": lambda f, d: cm.cox(f, d, id="state"),
    "Breslow": lambda f, d: cm.cox(f, d, id="state", ties="breslow"),
    "Firth": lambda f, d: cm.cox(f, d, id="state", penalty="firth"),
    "Logit": lambda f, d: cm.logit(f, d, id="state"),
    "Cloglog": lambda f, d: cm.logit(f, d, id="state", link="cloglog", time="log"),
}


@pytest.fixture(scope="module")
def d(months):
    return months(80, periods=8, seed=81)


# models by name


@pytest.mark.parametrize("form", [dict, OrderedDict, MappingProxyType, pd.Series])
@pytest.mark.parametrize("names", [["Cox"], ["Cox", "Logit"], list(MODELS)])
def test_models_by_name(d, form, names):
    fits = {name: MODELS[name]("event ~ x", d) for name in names}
    table = cm.table(form(fits))
    assert list(table.header) == ["", *names]
    listed = cm.table(list(fits.values()), names=names)
    assert table.text() == listed.text()
    for name, fit in fits.items():
        assert f"{fit.coefficients[fit.names.index('x')]:.3f}" in table.text(), name


# copies that travel


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("travel", [copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))])
def test_copies_predict_alike(d, model, travel):
    fit = MODELS[model]("event ~ x + C(g // 2) + poly(z, 2)", d)
    other = travel(fit)
    np.testing.assert_array_equal(other.predict(d.head(9)), fit.predict(d.head(9)))
    pd.testing.assert_frame_equal(other.tidy(), fit.tidy())
    prediction, curve = cm.predict_survival(fit, {"x": [0, 1]}), cm.survival_curve(d, "region")
    pd.testing.assert_frame_equal(travel(prediction).table, prediction.table)
    pd.testing.assert_series_equal(travel(curve).median(), curve.median())
    if fit.family.name == "cox":
        pd.testing.assert_frame_equal(travel(cm.check_ph(fit)).table, cm.check_ph(fit).table)


# odd names


@pytest.mark.parametrize("name", ["a_b", "50%", "R&D", "x #1", "cost $", "p < q", "u|v", "a\\b"])
@pytest.mark.parametrize("model", ["Cox", "Logit"])
def test_odd_names_in_every_format(d, name, model):
    fit = MODELS[model](f"event ~ `{name}` + z", d.rename(columns={"x": name}))
    plain = MODELS[model]("event ~ x + z", d)
    np.testing.assert_allclose(fit.coefficients, plain.coefficients)
    table = cm.table({"R&D_1": fit})
    latex, markdown, html = table.latex(), table.markdown(), table._repr_html_()
    rows = next(line for line in latex.splitlines() if line.startswith(latex_of(name)))
    assert rows.count("&") - rows.count(r"\&") == 1
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len({line.count("|") - line.count("\\|") for line in lines}) == 1
    assert "p < q" not in html
    assert r"R\&D\_1" in latex


def latex_of(name):
    """The name as LaTeX reads it, up to the first character that is written in words."""
    escaped = {c: "\\" + c for c in "_%&#$"}
    return "".join(escaped.get(c, c) for c in name.split("<")[0].split("|")[0].split("\\")[0])


# row labels


LABELS = {
    "named like a column": lambda d: d.set_index("state", drop=False),
    "levels named like columns": lambda d: d.set_index(["state", "start"], drop=False),
    "repeated": lambda d: d.set_axis([0] * len(d)),
    "shuffled": lambda d: d.sample(frac=1, random_state=2),
    "days": lambda d: d.set_axis(pd.date_range("2000", periods=len(d))),
    "missing": lambda d: d.set_axis([np.nan] * len(d)),
}


@pytest.mark.parametrize(
    ("label", "model"),
    [(label, list(MODELS)[(i + j) % 5]) for i, label in enumerate(LABELS) for j in (0, 3)],
)
def test_row_labels_change_no_number(d, model, label):
    odd = LABELS[label](d)
    fit, plain = (MODELS[model]("event ~ x + region", t) for t in (odd, d))
    np.testing.assert_allclose(fit.coefficients, plain.coefficients, rtol=1e-9)
    np.testing.assert_allclose(fit.std_errors, plain.std_errors, rtol=1e-9)
    assert fit.predict(odd).sum() == pytest.approx(plain.predict(d).sum())
    pd.testing.assert_frame_equal(
        cm.survival_curve(odd, "region").table, cm.survival_curve(d, "region").table
    )


# frames of other packages, and what is not there


@pytest.mark.parametrize(
    ("module", "name"),
    [("polars.dataframe.frame", "DataFrame"), ("pyarrow.lib", "Table"), ("dask", "DataFrame")],
)
def test_frames_of_other_packages_are_named(d, module, name):
    other = type(name, (), {"__module__": module, "to_pandas": lambda self: d})()
    for call in (
        lambda: cm.cox("event ~ x", other), lambda: cm.logit("event ~ x", other),
        lambda: cm.survival_curve(other), lambda: cm.build_panel(other),
    ):  # fmt: skip
        with pytest.raises(DataError, match=r"pandas|DataFrame") as caught:
            call()
        assert module.partition(".")[0] in str(caught.value)
    with pytest.raises((DataError, FormulaError)):
        cm.predict_survival(MODELS["Cox"]("event ~ x", d), other)


@pytest.mark.parametrize("option", ["strata", "offset"])
def test_curves_know_no_strata(d, option):
    """Refused as an unknown argument, so that no plain curve passes for another one."""
    with pytest.raises(TypeError, match=option):
        cm.survival_curve(d, **{option: "g"})
