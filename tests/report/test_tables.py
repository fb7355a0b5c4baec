"""Models side by side: every form of output, labels, variances, notes, what compares."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.inference.imputed import rubin
from coalition_models.report.columns import VARIANCES, column_of
from coalition_models.report.pooled import pooled_columns
from coalition_models.report.table_foot import GLANCE, own_rows, stars_of
from coalition_models.report.table_notes import notes_of

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")


@pytest.fixture(scope="module")
def panel():
    return cm.simulate_panel(
        members=30, hazard=0.05, coefficients={"risk": 0.8, "size": 0.2}, seed=1
    )


@pytest.fixture(scope="module")
def fit(panel):
    return cm.cox("event ~ risk + size", panel, cluster="state")


@pytest.fixture(scope="module")
def iraq():
    panel = cm.add_elections(cm.build_panel(cm.facts("iraq")))
    return cm.add_risk(cm.add_leadership(panel))


@pytest.fixture(scope="module")
def exits():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"risk": rng.normal(size=300), "start": 0, "stop": rng.uniform(1, 9, 300)})
    frame["exit"] = rng.choice(["stays", "early", "late"], size=300, p=[0.7, 0.2, 0.1])
    return frame


class TestLabels:
    def test_a_reader_sees_words(self, iraq):
        fit = cm.cox("event ~ election_near * combat_role + log(tenure_months + 1)", iraq)
        words = [row[0] for row in cm.table(fit).rows]
        assert "Election within six months" in words
        assert "Election within six months \u00d7 Combat role" in words
        assert "log(Leader's months in office + 1)" in words
        assert "election_near" not in cm.table(fit, making=False).markdown().split("Events")[0]

    def test_own_labels_win_and_stand_in_products(self, iraq):
        fit = cm.cox("event ~ election_near * combat_role", iraq)
        words = [row[0] for row in cm.table(fit, labels={"election_near": "Election"}).rows]
        assert words[0] == "Election"
        assert "Election \u00d7 Combat role" in words

    def test_another_window_is_another_row(self, iraq):
        near = iraq.pipe(cm.add_elections, window=2)
        fits = [cm.cox("event ~ election_near", frame) for frame in (iraq, near)]
        table = cm.table(fits, below="none", p_values=False)
        assert [row[0] for row in table.rows[:2]] == [
            "Election within six months",
            "Election within two months",
        ]
        assert table.rows[0][2] == table.rows[1][1] == ""

    def test_a_column_of_ones_own_keeps_its_name(self, panel):
        own = panel.rename(columns={"risk": "election_near"})
        assert cm.table(cm.cox("event ~ election_near", own)).rows[0][0] == "election_near"


class TestVariances:
    def test_each_column_has_the_numbers_of_its_variance(self, panel, fit):
        kinds = ["model", "cluster", "jackknife"]
        found = cm.table(fit, variances=kinds).to_frame().set_index(["column", "term"])
        for kind in kinds:
            direct = cm.cox("event ~ risk + size", panel, cluster="state", variance=kind)
            shown = found.loc[VARIANCES[kind]]
            tidy = direct.tidy().set_index("term")
            for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
                np.testing.assert_allclose(shown[name], tidy[name])
        assert found["std_error"].nunique() == 6

    def test_the_table_reads_the_variance_of_the_fit(self, panel, fit):
        for other in ("model", "jackknife"):
            direct = cm.cox("event ~ risk + size", panel, cluster="state", variance=other)
            cells = cm.table({"a": fit, "b": direct}, below="std_error", p_values=False).rows[1]
            assert cells[1] == f"({fit.std_errors[0]:.3f})"
            assert cells[2] == f"({direct.std_errors[0]:.3f})"
            assert cells[1] != cells[2]

    def test_the_wild_test_has_p_values_only(self, fit):
        table = cm.table(fit, variances=["jackknife", "wild"], terms=["risk"])
        p_wild = cm.inference.few_clusters(fit).table.set_index("term").loc["risk", "p_wild"]
        found = table.to_frame().set_index("column").loc["wild bootstrap"]
        assert found["p_value"] == p_wild
        assert np.isnan(found[["std_error", "conf_low", "conf_high"]].astype(float)).all()
        assert table.rows[1][2] == ""
        assert "Wild cluster bootstrap of the score by state" in " ".join(table.notes)

    def test_several_fits_by_several_variances(self, panel, fit):
        logit = cm.logit("event ~ risk + size", panel, cluster="state", time=None)
        header = cm.table({"Cox": fit, "Logit": logit}, variances=["model", "cluster"]).header
        assert list(header)[1:] == [
            "Cox, model-based", "Cox, clustered", "Logit, model-based", "Logit, clustered",
        ]  # fmt: skip

    @pytest.mark.parametrize("wrong", [["CR3"], ["model", "hc1"]])
    def test_unknown_ones_are_refused(self, fit, wrong):
        with pytest.raises(cm.DataError, match="variances must be some of model, robust"):
            cm.table(fit, variances=wrong)


class TestCells:
    def test_stars_go_by_the_p_values_and_are_explained(self, fit):
        table = cm.table(fit, stars=True, p_values=False)
        p_value = fit.tidy()["p_value"][0]
        stars = "*" * sum(p_value < bound for bound in (0.05, 0.01, 0.001))
        assert stars
        assert table.rows[0][1] == f"{fit.coefficients[0]:.3f}{stars}"
        assert "* p < 0.05, ** p < 0.01, *** p < 0.001" in " ".join(table.notes)
        assert "*" not in cm.table(fit).text()

    def test_ratios_are_exponentials_and_errors_stay_on_the_log_scale(self, fit):
        table = cm.table(fit, hazard_ratios=True, below="std_error", p_values=False)
        assert table.rows[0][1] == f"{np.exp(fit.coefficients[0]):.3f}"
        assert table.rows[1][1] == f"({fit.std_errors[0]:.3f})"
        assert "standard error on the log scale" in table.notes[0]
        assert table.notes[0].startswith("Each cell: hazard ratio,")

    def test_a_probit_has_no_ratio(self, panel, fit):
        probit = cm.probit("event ~ risk", panel, time=None)
        table = cm.table({"Cox": fit, "Probit": probit}, hazard_ratios=True)
        assert table.rows[0][2].startswith(f"{probit.coefficients[1]:.3f}")
        assert "No ratio" in " ".join(table.notes)

    def test_rows_of_ones_own(self, fit):
        table = cm.table({"a": fit, "b": fit}, rows={"Mandate": ["UN", 3], "Sample": {"b": "all"}})
        assert ["Mandate", "UN", "3"] in table.rows
        assert ["Sample", "", "all"] in table.rows

    @pytest.mark.parametrize(
        "options",
        [
            {"rows": {"Mandate": ["UN"]}},
            {"rows": {"Mandate": {"c": 1}}},
            {"below": "t"},
            {"stars": {"*": 5}},
            {"glance": ["r2"]},
            {"terms": ["nobody"]},
            {"names": ["same", "same"]},
        ],
    )
    def test_misuse_is_refused(self, fit, options):
        with pytest.raises(cm.DataError):
            cm.table([fit, fit], **options)


class TestFoot:
    def test_likelihoods_stand_side_by_side_only_where_they_compare(self, panel, fit):
        def shown(*fits):
            return {row[0] for row in cm.table(list(fits)).rows} & {"Log-likelihood", "AIC"}

        nested = cm.cox("event ~ risk", panel, cluster="state")
        fewer = cm.cox("event ~ risk", panel.assign(risk=panel["risk"].mask(panel.index < 9)))
        breslow = cm.cox("event ~ risk", panel, ties="breslow")
        logit = cm.logit("event ~ risk", panel, time=None)
        assert shown(fit) == shown(fit, nested) == {"Log-likelihood", "AIC"}
        for other in (fewer, breslow, logit):
            assert shown(nested, other) == set()
        assert shown(logit, cm.probit("event ~ risk", panel, time=None)) != set()
        assert shown(cm.cox("event ~ risk", panel, penalty="firth")) == set()

    def test_why_they_are_left_out_is_said(self, panel, fit):
        fewer = cm.cox("event ~ risk", panel.assign(risk=panel["risk"].mask(panel.index < 9)))
        notes = " ".join(cm.table([fit, fewer]).notes)
        assert f"other rows ({fewer.counts.rows}, {fit.counts.rows})" in notes

    def test_counts_are_those_of_the_fit(self, fit):
        foot = {row[0]: row[1] for row in cm.table(fit, glance=list(GLANCE)).rows}
        assert foot["Events"] == str(fit.counts.events)
        assert foot["Clusters"] == "30"
        assert foot["Variance"] == "clustered by state"
        aic = fit.glance()["aic"].item()
        assert foot["AIC"] == f"{aic:.3f}"

    def test_notes_say_once_what_is_shared(self, panel, fit):
        other = cm.cox("event ~ risk", panel, cluster="state", ties="breslow")
        notes = cm.table({"one": fit, "two": other}).notes
        text = "\n".join(notes)
        assert text.count("Model: Cox proportional hazards.") == 1
        assert text.count("Convention: R.") == 1
        assert "one: Ties: Efron." in text
        assert "two: Ties: Breslow." in text

    def test_helpers(self):
        assert stars_of(True) == {"*": 0.05, "**": 0.01, "***": 0.001}
        assert own_rows({"a": "x"}, ["one"]) == [["a", "x"]]
        frame = pd.DataFrame({"term": ["a"], "estimate": [0.5]})
        column = column_of(frame, ratios=False, level=0.95, own={}, making=True, wild=False)
        kept = {"ratios": False, "level": 0.95, "below": "none", "p_values": False}
        notes = notes_of({"x": column}, (), marks={}, apart="", **kept)
        assert notes == ("Each cell: coefficient (estimate).",)


class TestKindsOfExit:
    @pytest.mark.parametrize("name", ["multinomial", "cause_specific"])
    def test_a_section_for_each_kind(self, exits, name):
        options = {"time": None} if name == "multinomial" else {}
        fit = getattr(cm, name)("exit ~ risk", exits, none="stays", **options)
        table = cm.table(fit, labels={"risk": "Risk", "late": "Leaves late"}, below="none")
        rows = table.rows
        assert [rows[i][0] for i in table.heads] == ["early", "Leaves late"]
        assert [row[0] for row in rows[:4]] == ["early", "Risk", "Leaves late", "Risk"]
        for form in (table.markdown(), table.latex(), table.html(), table.typst(), table.text()):
            assert "Leaves late" in form
        assert r"\multicolumn{2}{l}{\textit{early}}" in table.latex()

    def test_a_term_stands_for_all_kinds(self, exits):
        fit = cm.multinomial("exit ~ risk", exits, none="stays", time=None)
        assert len(cm.table(fit, terms=["risk"]).to_frame()) == 2
        assert len(cm.table(fit, terms=["late: risk"]).to_frame()) == 1

    def test_beside_a_plain_model(self, exits):
        both = {
            "kinds": cm.multinomial("exit ~ risk", exits, none="stays", time=None),
            "any": cm.logit("left ~ risk", exits.assign(left=exits["exit"] != "stays"), time=None),
        }
        table = cm.table(both, below="none")
        assert [row[0] for row in table.rows[:5]] == ["risk", "early", "risk", "late", "risk"]
        assert table.rows[0][1] == table.rows[2][2] == ""


class TestPooled:
    def test_fixed_and_random_effects(self):
        two = pd.DataFrame(
            {"claim": "H01", "data_set": ["iraq", "isaf"], "estimate": [0.2, 0.6],
             "std_error": [0.2, 0.2], "step": 1.0}
        )  # fmt: skip
        pooled = cm.inference.combine(two)
        table = cm.table(pooled, hazard_ratios=True, labels={"H01": "Election ahead"})
        assert list(table.header) == ["", "Fixed effects", "Random effects"]
        assert table.rows[0][1].startswith(f"{np.exp(0.4):.3f}")
        assert "I squared 50%" in " ".join(table.notes)
        assert list(pooled_columns({"a": pooled, "b": 1})) == [
            "a, Fixed effects", "a, Random effects", "b",
        ]  # fmt: skip

    def test_rubin_a_term_and_a_frame(self, panel, fit):
        found = cm.table(
            {
                "imputed": rubin([0.5, 0.7, 0.6], [0.2, 0.2, 0.2]),
                "term": cm.inference.estimate_term(panel, "risk"),
                "frame": fit.tidy(),
            }
        )
        assert {"pooled estimate", "risk", "size"} <= {row[0] for row in found.rows}
        assert "Rubin's rules" in " ".join(found.notes)
        with pytest.raises(cm.DataError, match="twice: risk"):
            cm.table(pd.DataFrame({"term": ["risk"] * 2, "estimate": 0.0}))


ODD = ["a_b", "50%", "R&D", "x #1", "cost $5", "p < q", "u|v", "a\\b", '"q"', "*b*", "[x]", "@me",
       "~t^2{}", "// c", "`k`", "= h", "- i"]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_no_sign_is_markup(fit, name):
    table = cm.table({name: fit}, labels={"risk": name}, rows={name: [name]}, title=name)
    frame = table.to_frame()
    assert name in frame["label"].tolist()
    typst = table.typst()
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    assert f'table.header("", "{escaped}")' in typst
    assert "p < q" not in table.html()


def test_typst_sets_it_and_word_holds_it(fit, documents, tmp_path):
    table = cm.table(dict.fromkeys(ODD[:3], fit), labels={"risk": '"$#*'}, title="A_1 #x")
    (tmp_path / "t.typ").write_text("#set page(width: 30cm, height: auto)\n" + table.typst())
    assert documents.typst_pdf(tmp_path, "t.typ").startswith(b"%PDF")
    first, second = table.word(tmp_path / "t.docx"), table.word()
    assert first == second == (tmp_path / "t.docx").read_bytes()
    assert first.startswith(b"PK")


def test_a_sample_with_other_names_of_the_same_numbers_is_not_compared(fit):
    # the mark is of the rows, so a fit that is the same but for its weights is another
    other = replace(fit, choices=replace(fit.choices, weights="w"))
    assert "Log-likelihood" not in {row[0] for row in cm.table([fit, other]).rows}


@pytest.mark.skipif(
    subprocess.run(["which", "latex"], capture_output=True, check=False).returncode != 0,
    reason="no LaTeX on this machine",
)
def test_latex_compiles(fit, tmp_path):
    body = cm.table({"R&D": fit}, labels={"risk": "50% [x]_#"}).latex()
    (tmp_path / "t.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs,array}\\begin{document}\n"
        f"{body}\\end{{document}}"
    )
    done = subprocess.run(
        ["latex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-800:]
