"""The house keeps its plan: no circles, no imports of the root from inside, small modules."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "coalition_models"
MODULES = sorted((ROOT / PACKAGE).rglob("*.py"))

#: circles that are left, each as the modules on it; a mended one is struck out here
LAZY_CIRCLES: set[frozenset[str]] = set()
#: a fit names its engine's type and an engine its fit's: for the type checker alone
TYPING_CIRCLES: set[frozenset[str]] = {
    frozenset({"models.engine", "models.fit"}),
    frozenset({"models.engine", "models.fit", "models.fit_table"}),
    frozenset({"models.fit", "models.fit_table"}),
}
#: functions longer than 60 lines: each is one list of steps that has not yet found its cut
LONG_FUNCTIONS: set[str] = set()

#: modules that no test file mirrors or imports -> the tests through whose subject each is tested,
#: because what it does shows only in what its one caller gives
TESTED_THROUGH = {
    "analyses/choices.py": "analyses/test_analyses.py",
    "analyses/fitting.py": "analyses/test_analyses.py",
    "analyses/material.py": "analyses/test_analyses.py",
    "analyses/reading.py": "analyses/test_analyses.py",
    "analyses/sensitivity.py": "analyses/test_analyses.py",
    "cli_analyses.py": "analyses/test_analyses.py",
    "cli_data.py": "test_cli.py",
    "defection/cuts.py": "defection/test_withdrawals.py",
    "defection/profile_levels.py": "defection/test_profile.py",
    "defection/profile_lines.py": "defection/test_profile.py",
    "defection/profile_tasks.py": "defection/test_profile.py",
    "designs/as_of_end.py": "designs/test_first_look.py",
    "designs/bundled_set.py": "designs/test_analysis_sets.py",
    "designs/other_sets.py": "designs/test_sets.py",
    "designs/own_set.py": "designs/test_own_sets.py",
    "designs/set_record.py": "designs/test_sets.py",
    "designs/set_sheet.py": "designs/test_analysis_sets.py",
    "designs/set_tables.py": "designs/test_analysis_sets.py",
    "hypotheses/claim_choices.py": "hypotheses/test_robustness.py",
    "hypotheses/contested_calendars.py": "hypotheses/test_contested.py",
    "hypotheses/contested_facts.py": "hypotheses/test_contested.py",
    "hypotheses/contested_result.py": "hypotheses/test_contested.py",
    "hypotheses/contested_strength.py": "hypotheses/test_contested_evidence.py",
    "hypotheses/contested_words.py": "hypotheses/test_contested.py",
    "hypotheses/result.py": "hypotheses/test_verdicts.py",
    "inference/few_cluster_tests.py": "inference/test_wild_score.py",
    "inference/groups.py": "inference/test_without_one.py",
    "inference/term_estimate.py": "inference/test_caution.py",
    "inference/wild_test.py": "inference/test_wild_score.py",
    "kernels/_compiled_batch.py": "kernels/test_batch.py",
    "kernels/_jobs.py": "kernels/test_batch.py",
    "kernels/_maximise.py": "kernels/test_cox.py",
    "kernels/_newton.py": "kernels/test_cox.py",
    "kernels/_pairs.py": "kernels/test_concordance.py",
    "kernels/_panel.py": "kernels/test_cox.py",
    "kernels/_prepare.py": "kernels/test_cox.py",
    "kernels/_shared.py": "kernels/test_batch.py",
    "kernels/_sums.py": "kernels/test_cox.py",
    "kernels/climb.py": "models/test_parametric.py",
    "kernels/frailty.py": "models/test_frailty.py",
    "kernels/gamma_tails.py": "models/test_parametric_r.py",
    "kernels/gray.py": "models/test_cumulative_incidence.py",
    "kernels/logrank.py": "models/test_logrank.py",
    "kernels/occupancy.py": "models/test_state_occupancy.py",
    "kernels/period_rows.py": "models/test_interval.py",
    "kernels/posterior.py": "models/test_priors.py",
    "kernels/product_limit.py": "models/test_logrank.py",
    "kernels/profile.py": "kernels/test_firth_logit.py",
    "members/bundled_deaths.py": "members/test_bundled_facts.py",
    "members/coalition_tables.py": "members/test_facts.py",
    "members/merge.py": "faults/test_lost_memory.py",
    "members/read_members.py": "members/test_panel.py",
    "members/timing.py": "members/test_panel.py",
    "models/after/adjusted.py": "models/test_averages.py",
    "models/after/causes.py": "models/test_competing.py",
    "models/after/combinations.py": "models/test_after.py",
    "models/after/distributions.py": "models/test_parametric.py",
    "models/after/durations.py": "models/test_averages.py",
    "models/after/effects.py": "models/test_averages.py",
    "models/after/slopes.py": "models/test_averages.py",
    "models/after/estimators.py": "models/test_estimators_compared.py",
    "models/after/paths.py": "models/test_scenarios.py",
    "models/after/steps.py": "models/test_predicted_incidence.py",
    "models/after/stretches.py": "models/test_scenarios.py",
    "models/asked.py": "sensitivity/test_curve.py",
    "models/assembly.py": "models/test_fit.py",
    "models/before/changes.py": "models/test_before.py",
    "models/before/cutting.py": "models/test_before.py",
    "models/before/splitting.py": "models/test_before.py",
    "models/competing/api.py": "models/test_competing.py",
    "models/competing/engine.py": "models/test_competing.py",
    "models/competing/estimate.py": "models/test_competing.py",
    "models/conditional/api.py": "models/test_conditional.py",
    "models/conditional/engine.py": "models/test_conditional.py",
    "models/conditional/estimate.py": "models/test_conditional.py",
    "models/cox/engine.py": "models/test_cox.py",
    "models/cox/estimate.py": "models/test_cox.py",
    "models/cox/residuals.py": "models/test_after.py",
    "models/cox/restricted.py": "inference/test_wild_score.py",
    "models/cure/api.py": "models/test_cure.py",
    "models/cure/engine.py": "models/test_cure.py",
    "models/cure/estimate.py": "models/test_cure.py",
    "models/discrete/engine.py": "models/test_discrete.py",
    "models/discrete/estimate.py": "models/test_discrete.py",
    "models/discrete/refits.py": "kernels/test_binary_batch.py",
    "models/discrete/residuals.py": "models/test_after.py",
    "models/discrete/restricted.py": "inference/test_wild_score.py",
    "models/discrete/verbs.py": "models/test_after.py",
    "models/engine.py": "models/test_family.py",
    "models/estimates.py": "models/test_fit.py",
    "models/exact_ties/api.py": "models/test_exact_ties.py",
    "models/exact_ties/engine.py": "models/test_exact_ties.py",
    "models/exact_ties/estimate.py": "models/test_exact_ties.py",
    "models/fine_gray/api.py": "models/test_fine_gray.py",
    "models/fine_gray/engine.py": "models/test_fine_gray.py",
    "models/fine_gray/estimate.py": "models/test_fine_gray.py",
    "models/fit_file.py": "models/test_saved_fits.py",
    "models/fit_rows.py": "models/test_after.py",
    "models/fit_table.py": "models/test_fit.py",
    "models/frailty/api.py": "models/test_frailty.py",
    "models/frailty/engine.py": "models/test_frailty.py",
    "models/frailty/estimate.py": "models/test_frailty.py",
    "models/group_clusters.py": "models/test_conditional.py",
    "models/interval/api.py": "models/test_interval.py",
    "models/interval/engine.py": "models/test_interval.py",
    "models/interval/estimate.py": "models/test_interval.py",
    "models/joint_tests.py": "faults/test_joint_tests.py",
    "models/loading.py": "models/test_saved_fits.py",
    "models/multinomial/api.py": "models/test_multinomial.py",
    "models/multinomial/engine.py": "models/test_multinomial.py",
    "models/multinomial/estimate.py": "models/test_multinomial.py",
    "models/no_curves.py": "models/test_conditional.py",
    "models/parametric/engine.py": "models/test_parametric.py",
    "models/parametric/estimate.py": "models/test_parametric.py",
    "models/parametric/layout.py": "models/test_parametric.py",
    "models/parametric/problem.py": "models/test_parametric.py",
    "models/parametric/scales.py": "models/test_parametric.py",
    "models/pulled.py": "models/test_priors.py",
    "models/random_intercept/api.py": "models/test_random_intercept.py",
    "models/random_intercept/engine.py": "models/test_random_intercept.py",
    "models/random_intercept/estimate.py": "models/test_random_intercept.py",
    "models/sample/categories.py": "models/test_formula_types.py",
    "models/sample/checks.py": "models/test_bad_inputs.py",
    "models/sample/complete.py": "models/test_bad_inputs.py",
    "models/sample/draw.py": "models/test_bad_inputs.py",
    "models/sample/grammar.py": "models/test_formula_words.py",
    "models/sample/intervals.py": "models/test_interval.py",
    "models/sample/kinds.py": "models/test_competing.py",
    "models/sample/labels.py": "models/test_scenarios.py",
    "models/sample/last_seen.py": "models/test_interval.py",
    "models/sample/moves.py": "models/test_state_occupancy.py",
    "models/sample/stays.py": "models/test_fine_gray.py",
    "qca/analysis.py": "qca/test_robustness.py",
    "qca/calibration.py": "qca/test_r_results.py",
    "qca/cases.py": "qca/test_refusals.py",
    "qca/cores.py": "qca/test_robustness.py",
    "qca/counterfactuals.py": "qca/test_by_hand.py",
    "qca/expressions.py": "qca/test_refusals.py",
    "qca/fits.py": "qca/test_by_hand.py",
    "qca/leaders.py": "qca/test_docs.py",
    "qca/necessary.py": "qca/test_by_hand.py",
    "qca/parameters.py": "qca/test_r_results.py",
    "qca/ranges.py": "qca/test_robustness.py",
    "qca/solutions.py": "qca/test_by_hand.py",
    "qca/truth.py": "qca/test_by_hand.py",
    "qca/xy.py": "qca/test_by_hand.py",
    "replications/between.py": "replications/test_spirit.py",
    "replications/studies/box_steffensmeier_jones_2004/lifelines_form.py": (
        "replications/test_studies.py"
    ),
    "report/figures/qca.py": "qca/test_by_hand.py",
    "report/parts/_claims_tables.py": "report/parts/test_claims.py",
    "report/parts/_defection_tables.py": "report/parts/test_defections.py",
    "report/parts/_findings.py": "report/parts/test_first_look.py",
    "report/parts/_iraq.py": "report/parts/test_first_look.py",
    "report/parts/_question_words.py": "report/parts/test_questions.py",
    "report/words.py": "report/figures/test_participation.py",
    "sensitivity/curve_estimates.py": "sensitivity/test_curve.py",
    "sensitivity/fact_choices.py": "sensitivity/test_standard_choices.py",
    "sensitivity/identity.py": "sensitivity/test_engine.py",
    "sensitivity/kept.py": "sensitivity/test_engine.py",
    "sensitivity/plain_values.py": "sensitivity/test_engine.py",
    "sources/_rows.py": "sources/test_build.py",
    "sources/as_facts.py": "sources/test_bundled.py",
    "sources/citations.py": "sources/test_literature.py",
    "sources/election_rows.py": "sources/test_derived_tables.py",
    "sources/extend_elections.py": "sources/test_derived_tables.py",
    "sources/extend_leaders.py": "sources/test_derived_tables.py",
    "sources/extend_state_years.py": "sources/test_derived_tables.py",
    "sources/readers/_dated.py": "sources/test_readers_regimes.py",
    "sources/state_periods.py": "sources/test_codes.py",
    "terminal.py": "test_cli.py",
    "timelines/cabinets.py": "features/test_leadership.py",
    "timelines/election_distances.py": "features/test_elections.py",
    "timelines/election_votes.py": "features/test_elections.py",
    "timelines/fatality_rate.py": "features/test_risk.py",
    "timelines/theatre.py": "features/test_risk.py",
}


@cache
def imports(kind: str) -> grimp.ImportGraph:
    """Who imports whom: ``module`` at import, ``lazy`` at run time, ``typing`` for types too."""
    graph = grimp.build_graph(
        PACKAGE,
        exclude_type_checking_imports=kind != "typing",
        include_external_packages=True,
        cache_dir=None,
    )
    if kind == "module":
        for importer in graph.modules:
            for imported in list(graph.find_modules_directly_imported_by(importer)):
                if all(inside_a_function(one) for one in details(graph, importer, imported)):
                    graph.remove_import(importer=importer, imported=imported)
    return graph


def details(graph: grimp.ImportGraph, importer: str, imported: str) -> list[tuple[str, int]]:
    found = graph.get_import_details(importer=importer, imported=imported)
    return [(importer, one["line_number"]) for one in found]


@cache
def functions_of(module: str) -> list[tuple[int, int]]:
    base = ROOT / Path(*module.split("."))
    path = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
    return [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def inside_a_function(place: tuple[str, int]) -> bool:
    module, line = place
    return any(first <= line <= last for first, last in functions_of(module))


def circles(kind: str) -> set[frozenset[str]]:
    graph = imports(kind)
    found = set()
    for importer in sorted(m for m in graph.modules if m.startswith(f"{PACKAGE}.")):
        for imported in graph.find_modules_directly_imported_by(importer):
            back = graph.find_shortest_chain(importer=imported, imported=importer)
            # the table of contents names everything to the type checker, and nobody imports it
            if back is not None and PACKAGE not in back:
                found.add(frozenset(name.removeprefix(f"{PACKAGE}.") for name in back))
    return found


def test_no_two_modules_import_each_other():
    assert circles("module") == set()


def test_no_two_modules_import_each_other_inside_functions():
    assert circles("lazy") - LAZY_CIRCLES == set()


def test_no_two_modules_import_each_other_for_types():
    assert circles("typing") - TYPING_CIRCLES - LAZY_CIRCLES == set()


def test_nothing_inside_imports_the_package_root():
    assert imports("typing").find_modules_that_directly_import(PACKAGE) == set()


def test_kernels_do_without_pandas():
    graph = imports("typing")
    chain = graph.find_shortest_chain(
        importer=f"{PACKAGE}.kernels", imported="pandas", as_packages=True
    )
    assert chain is None


def test_a_lazy_import_is_told_from_one_at_import():
    """The graphs differ, so that a circle of either kind would be found."""
    whole, early = imports("lazy"), imports("module")
    registry, reader = f"{PACKAGE}.cli_data", f"{PACKAGE}.sources.citations"
    assert reader in whole.find_modules_directly_imported_by(registry)
    assert reader not in early.find_modules_directly_imported_by(registry)
    assert f"{PACKAGE}.errors" in early.find_modules_directly_imported_by(reader)


def test_modules_stay_small():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in MODULES
        if (lines := path.read_text(encoding="utf-8").count("\n")) > 400
    }
    assert long == {}


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = node.body[0]
    told = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
    words = (first.end_lineno or 0) - first.lineno + 1 if told else 0
    return (node.end_lineno or 0) - node.lineno + 1 - words


def test_functions_stay_short():
    long = {
        f"{path.relative_to(ROOT / PACKAGE).as_posix()}:{node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and length(node) > 60
    }
    assert long - LONG_FUNCTIONS == set()


def public_names(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = [node.name for node in tree.body if isinstance(node, defined)]
    return [name for name in names if not name.startswith("_")]


def mirrors(module: Path) -> list[Path]:
    """Test files that a module's name leads to: ``a/b/_c.py`` to ``a/test_b_c.py`` and the like."""
    *rooms, stem = module.with_suffix("").parts
    name = stem.lstrip("_")
    found = []
    for depth in range(len(rooms) + 1):
        folder = ROOT / "tests" / Path(*rooms[:depth])
        found += [
            folder / f"test_{name}.py",
            folder / f"test_{'_'.join([*rooms[depth:], name])}.py",
        ]
    return found


@cache
def imported_by_tests() -> frozenset[str]:
    found = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
            elif isinstance(node, ast.Import):
                found |= {one.name for one in node.names}
    return frozenset(found)


def test_every_module_with_public_names_has_a_test():
    """Its own, one that imports it, or, listed with it, that of what it is a part of."""
    alone = set()
    for path in MODULES:
        module = path.relative_to(ROOT / PACKAGE)
        if path.name in ("__init__.py", "__main__.py") or not public_names(path):
            continue
        dotted = ".".join((PACKAGE, *module.with_suffix("").parts))
        mirrored = any(one.is_file() for one in mirrors(module))
        if not mirrored and dotted not in imported_by_tests():
            alone.add(module.as_posix())
    assert alone - set(TESTED_THROUGH) == set(), "write tests/<room>/test_<module>.py"
    assert set(TESTED_THROUGH) - alone == set(), "these have tests of their own now"
    assert {one for one in TESTED_THROUGH.values() if not (ROOT / "tests" / one).is_file()} == set()


@pytest.mark.parametrize("word", ['simplefilter("ignore"', "simplefilter('ignore'"])
def test_no_warning_is_silenced_wholesale(word):
    """A filter by message or a record says what is held back; ``ignore`` alone does not."""
    silent = {
        path.relative_to(ROOT / PACKAGE).as_posix()
        for path in MODULES
        if word in path.read_text(encoding="utf-8")
    }
    assert silent == set()
