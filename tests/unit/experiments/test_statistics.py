"""The statistics of experiments against scipy, and against cases that can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from orchestrator.experiments.statistics import (
    holm,
    median_band,
    median_interval,
    ratio_interval,
    signed_rank,
)

SEED = 20


def chance() -> np.random.Generator:
    return np.random.default_rng(SEED)


distinct_sizes = st.lists(
    st.integers(min_value=1, max_value=10_000), min_size=1, max_size=25, unique=True
)


@given(distinct_sizes, st.randoms(use_true_random=False))
def test_the_signed_rank_test_agrees_with_scipy_where_no_sizes_are_equal(sizes, signs) -> None:
    differences = [float(size if signs.random() < 0.6 else -size) for size in sizes]
    theirs = stats.wilcoxon(differences, method="exact")
    assert signed_rank(differences).p_value == pytest.approx(theirs.pvalue, rel=1e-9)


def test_the_signed_rank_test_agrees_with_all_choices_of_signs_where_sizes_are_equal() -> None:
    differences = [1.0, 1.0, -1.0, 2.0, 2.0, 3.0, -0.5, 4.0, 4.0]
    theirs = stats.permutation_test(
        (np.array(differences),),
        lambda drawn: stats.rankdata(np.abs(drawn))[drawn > 0].sum(),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="two-sided",
    )
    assert signed_rank(differences).p_value == pytest.approx(theirs.pvalue, rel=1e-9)


def test_five_pairs_that_all_agree_are_one_choice_of_signs_in_sixteen() -> None:
    found = signed_rank([1, 2, 3, 4, 5])
    assert (found.p_value, found.effect, found.pairs) == (1 / 16, 1.0, 5)


def test_pairs_that_do_not_differ_say_nothing() -> None:
    assert signed_rank([0.0, 0.0]).p_value == 1.0
    assert signed_rank([0.0, 1.0, 2.0]) == signed_rank([1.0, 2.0])


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_turning_all_pairs_round_turns_the_effect_and_keeps_the_p_value(differences) -> None:
    there, back = signed_rank(differences), signed_rank([-each for each in differences])
    assert there.effect == pytest.approx(-back.effect)
    assert there.p_value == pytest.approx(back.p_value)


def test_the_interval_of_a_median_agrees_with_scipys() -> None:
    sample = np.random.default_rng(3).normal(10, 2, 40)
    ours = median_interval(sample, chance())
    theirs = stats.bootstrap(
        (sample,), np.median, method="percentile", n_resamples=4000, rng=chance()
    ).confidence_interval
    assert ours.value == np.median(sample)
    assert ours.low == pytest.approx(theirs.low, abs=0.1)
    assert ours.high == pytest.approx(theirs.high, abs=0.1)


def test_an_interval_covers_the_true_median_about_as_often_as_it_says() -> None:
    drawn = np.random.default_rng(5)
    hits = sum(
        found.low <= 1.0 <= found.high
        for found in (median_interval(drawn.normal(1.0, 1.0, 20), drawn) for _ in range(200))
    )
    assert 178 <= hits <= 200


def test_the_same_seed_draws_the_same_interval() -> None:
    sample = [1.0, 5.0, 2.0, 8.0, 3.0]
    assert median_interval(sample, chance()) == median_interval(sample, chance())


def test_a_factor_is_that_of_the_medians_and_its_interval_holds_it() -> None:
    found = ratio_interval([2.0, 4.0, 6.0, 8.0], [1.0, 2.0, 3.0, 4.0], chance())
    assert (found.value, found.low, found.high) == (2.0, 2.0, 2.0)


def test_a_factor_over_nothing_is_infinite_unless_there_is_nothing_above_either() -> None:
    assert ratio_interval([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], chance()).value == np.inf
    assert ratio_interval([0.0, 0.0], [0.0, 0.0], chance()).value == 1.0


def test_a_band_has_one_median_a_point() -> None:
    middle, low, high = median_band([[0.0, 1.0], [0.0, 3.0], [0.0, 2.0]], chance())
    assert middle.tolist() == [0.0, 2.0]
    assert (low <= middle).all()
    assert (middle <= high).all()


def test_holms_correction_is_that_of_his_paper() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holms_correction_lowers_nothing_and_keeps_the_order(p_values) -> None:
    corrected = holm(p_values)
    assert all(p <= c <= 1 for p, c in zip(p_values, corrected, strict=True))
    by_p = sorted(zip(p_values, corrected, strict=True))
    assert [c for _, c in by_p] == sorted(c for _, c in by_p)
