"""What is known to fail and waits to be mended: exception and place as a failure prints them.

A new fault is never put here: an entry leaves once its place is mended.
"""

from pool import Result

WAITING: frozenset[tuple[str, str]] = frozenset(
    {
        # formula and data
        ("message of more than 500 characters", "data/catalogue.py _entry"),
        ("TypeError", "formula/allowed.py _check_function"),
        ("NotImplementedError", "formula/columns.py level_texts"),
        ("TypeError", "formula/columns.py level_texts"),
        ("UnicodeEncodeError", "formula/columns.py level_texts"),
        ("InvalidOperation", "formula/missing.py complete_rows"),
        ("TypeError", "formula/missing.py complete_rows"),
        ("UnicodeEncodeError", "formula/missing.py complete_rows"),
        ("ValueError", "formula/missing.py complete_rows"),
        ("TypeError", "formula/parse.py __init__"),
        ("RecursionError", "formula/parse.py groups"),
        ("RecursionError", "formula/parse.py product"),
        ("RecursionError", "formula/parse.py without_bars"),
        ("RecursionError", "formula/syntax.py advance"),
        ("RecursionError", "formula/syntax.py operand"),
        ("KeyError", "formula/variables.py call"),
        ("OverflowError", "formula/variables.py evaluate"),
        # models and sampling
        ("AttributeError", "modelling/auxiliary_priors.py response_for_priors"),
        ("ValueError", "modelling/fit.py check_arguments"),
        ("TypeError", "modelling/fit.py fit"),
        ("TypeError", "modelling/marginal_draws.py _posterior"),
        ("ValueError", "modelling/marginal_draws.py _posterior"),
        ("TypeError", "modelling/method.py choose_method"),
        ("exit status -6", "modelling/nutpie_run.py run_nutpie"),
        ("ValueError", "modelling/priors.py _match"),
        ("AttributeError", "modelling/priors.py _require_known"),
        ("TypeError", "modelling/priors.py read_prior"),
        ("ValueError", "modelling/reml.py reml"),
        ("UFuncTypeError", "numerics/adaptive_importance.py propose_adaptively"),
        ("OverflowError", "numerics/gaussian/cross_products.py cross_products"),
        ("MemoryError", "numerics/importance.py propose"),
        # report
        ("ValueError", "not in bayesmix: _mathtext.py parse"),
        ("TypeError", "report/analysis.py run_card"),
        ("ValueError", "report/card.py _parsed"),
        ("ValueError", "report/card.py _text_of"),
        ("RuntimeError", "report/card.py read_card"),
        ("TypeError", "report/card.py read_card"),
        ("TypeError", "report/line_grid.py choose_axis"),
        ("message of more than 500 characters", "report/line_grid.py choose_axis"),
        ("message of more than 500 characters", "report/plot_arguments.py a_count"),
        ("TypeError", "report/plot_arguments.py one_term"),
        ("ValueError", "report/plot_arguments.py one_term"),
        ("message of more than 500 characters", "report/plot_arguments.py one_term"),
        ("TypeError", "report/plot_arguments.py some_parameters"),
        ("message of more than 500 characters", "report/plot_arguments.py some_parameters"),
        ("TypeError", "report/plot_qq.py _values"),
        ("ValueError", "report/plot_qq.py _values"),
        ("message of more than 500 characters", "report/plot_qq.py _values"),
        ("message of more than 500 characters", "report/plot_shrinkage.py plot_shrinkage"),
        ("AttributeError", "report/plot_style.py dress"),
        ("FileExistsError", "report/results_folder.py _make_parents"),
        # storage
        ("ArrowInvalid", "modelling/data_bytes.py from_bytes"),
        ("JSONDecodeError", "modelling/data_bytes.py from_bytes"),
        ("KeyError", "modelling/data_bytes.py from_bytes"),
        ("OSError", "modelling/data_bytes.py from_bytes"),
        ("ValueError", "modelling/importance_theta.py pareto_k_of"),
        ("AttributeError", "modelling/storage.py load"),
        ("KeyError", "modelling/storage.py load"),
        ("OSError", "modelling/storage.py load"),
        ("TypeError", "modelling/storage.py load"),
        ("OSError", "modelling/storage.py save"),
        ("TypeError", "modelling/storage.py save"),
        ("UnicodeEncodeError", "modelling/storage.py save"),
        ("ValueError", "modelling/storage.py save"),
        ("BrokenError", "not in bayesmix: prelude.py damaged"),
    }
)


def is_waiting(result: Result) -> bool:
    return (result.exception, result.place) in WAITING
