"""Fits in files: the same numbers come back, and what is not a fit of ours is refused."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm


@pytest.fixture(scope="module")
def panel():
    made = cm.simulate_panel(
        members=60, hazard=0.08, coefficients={"risk": 0.5, "near": 0.4}, seed=3
    )
    made = made[made["stop"] <= 8].copy()
    made["region"] = pd.Categorical(np.array(["a", "b", "c"])[np.arange(len(made)) % 3])
    made["bloc"] = np.where(made["state"].str[-1] < "5", "east", "west")
    made["flag"] = pd.array(made["near"] > 0, dtype="boolean")
    made["w"] = 1.0 + (np.arange(len(made)) % 2)
    made.loc[made.index[3], "near"] = np.nan
    return made


SPECS = {
    "cox": cm.Specification("cox", "event ~ risk + region", cluster="state", ties="breslow"),
    "strata": cm.Specification("cox", "event ~ I(risk**2) + near", strata="bloc", weights="w"),
    "firth": cm.Specification("cox", "event ~ risk + flag", penalty="firth"),
    "dummies": cm.Specification("logit", "event ~ risk + near", time="dummies", cluster="state"),
    "jackknife": cm.Specification(
        "cloglog", "event ~ risk", cluster="bloc", variance="jackknife", offset="near"
    ),
}


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("name", SPECS)
def test_what_is_saved_comes_back(panel, tmp_path, name):
    fit = cm.fit(SPECS[name], panel)
    fit.save(tmp_path / "a.fit", panel)
    again = cm.load_fit(tmp_path / "a.fit")
    for part in ("coefficients", "covariance", "model_covariance"):
        np.testing.assert_array_equal(getattr(again, part), getattr(fit, part))
    assert again.spec == fit.spec
    assert str(again) == str(fit)
    assert again.sources == fit.sources
    assert again.concordance == pytest.approx(fit.concordance, nan_ok=True)
    pd.testing.assert_frame_equal(again.augment(), fit.augment(), check_dtype=False)
    fit.save(tmp_path / "b.fit", panel)
    assert (tmp_path / "a.fit").read_bytes() == (tmp_path / "b.fit").read_bytes()


def rewritten(path, change, arrays=None):
    with zipfile.ZipFile(path) as archive:
        about, packed = json.loads(archive.read("fit.json")), archive.read("arrays.npz")
    change(about)
    if arrays is not None:
        held = dict(np.load(io.BytesIO(packed)))
        arrays(held)
        out = io.BytesIO()
        np.savez(out, **held)
        packed = out.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fit.json", json.dumps(about))
        archive.writestr("arrays.npz", packed)
    return path


@pytest.fixture
def saved(panel, tmp_path):
    path = tmp_path / "risk.fit"
    cm.cox("event ~ risk", panel).save(path, panel)
    return path


def test_other_formats_and_numbers_are_refused(saved):
    with pytest.raises(cm.DataError, match="has format 99, and this version"):
        cm.load_fit(rewritten(saved, lambda about: about.update(format=99)))


def test_numbers_that_this_version_does_not_find_are_refused(saved):
    def moved(held):
        held["coefficients"] = held["coefficients"] + 0.1

    with pytest.raises(cm.DataError, match="the file says risk"):
        cm.load_fit(rewritten(saved, lambda about: None, moved))


def test_arrays_that_would_run_are_not_read(saved):
    def with_objects(held):
        held["column_0"] = np.array([print], dtype=object)

    with pytest.raises(cm.DataError, match="not a saved fit, or is damaged"):
        cm.load_fit(rewritten(saved, lambda about: None, with_objects))


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 nothing"])
def test_what_is_no_fit_is_refused(tmp_path, content):
    (tmp_path / "x.fit").write_bytes(content)
    with pytest.raises(cm.DataError, match="is not a saved fit"):
        cm.load_fit(tmp_path / "x.fit")
    with pytest.raises(cm.DataError, match="there is no file"):
        cm.load_fit(tmp_path / "none.fit")


def test_unknown_options_and_families_are_refused(saved):
    with pytest.raises(cm.DataError, match="does not know"):
        cm.load_fit(rewritten(saved, lambda about: about["spec"].update(novel=1)))


def test_trusted_formulas_need_trust_again(panel, tmp_path):
    fit = cm.cox("event ~ risk.clip(0, 1)", panel, trust=True)
    fit.save(tmp_path / "t.fit", panel)
    with pytest.raises(cm.FormulaError, match="give trust=True"):
        cm.load_fit(tmp_path / "t.fit")
    again = cm.load_fit(tmp_path / "t.fit", trust=True)
    assert again.coefficients.tolist() == fit.coefficients.tolist()


def test_other_data_are_not_saved(panel, tmp_path):
    fit = cm.cox("event ~ risk", panel)
    for other in (panel[1:], panel.assign(risk=panel["risk"] + 1)):
        with pytest.raises(cm.DataError, match="data must be the rows"):
            fit.save(tmp_path / "x.fit", other)
    assert not (tmp_path / "x.fit").exists()
