"""Money as it is read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import money


@pytest.mark.parametrize(
    ("micros", "api", "shown"),
    [
        (0, "0.000000", "$0.00"),
        (1, "0.000001", "$0.000001"),
        (5_000, "0.005000", "$0.005"),
        (25_000, "0.025000", "$0.025"),
        (100_000, "0.100000", "$0.10"),
        (50_000_000, "50.000000", "$50.00"),
        (1_234_567_890_000, "1234567.890000", "$1,234,567.89"),
        (-1, "-0.000001", "-$0.000001"),
        (-12_500_000, "-12.500000", "-$12.50"),
    ],
)
def test_written(micros, api, shown):
    assert money.dollars(micros) == api
    assert money.display(micros) == shown


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("12.50", 12_500_000),
        (" 12.5 ", 12_500_000),
        ("-0.000001", -1),
        ("+3", 3_000_000),
        ("0", 0),
        ("7.", 7_000_000),
        ("1.0000000000", 1_000_000),
        ("1000000000", 10**15),
    ],
)
def test_parsed(text, micros):
    assert money.parse(text) == micros


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "in dollars"),
        ("ten", "in dollars"),
        ("NaN", "in dollars"),
        ("sNaN", "in dollars"),
        ("Infinity", "in dollars"),
        ("1e3", "in dollars"),
        ("1e999999999", "in dollars"),
        ("1,000", "in dollars"),
        ("1_000", "in dollars"),
        ("$5", "in dollars"),
        ("١٢", "in dollars"),
        ("--1", "in dollars"),
        ("9" * 5000, "in dollars"),
        ("0.0000001", "six decimal"),
        ("1.00000000000000000000000000000000000001", "six decimal"),
        ("1000000000.000001", "too large"),
        ("999999999999999", "too large"),
    ],
)
def test_refused_in_words_for_people(text, why):
    with pytest.raises(ValueError, match=why):
        money.parse(text)


@given(st.integers(min_value=-money.LARGEST_MICROS, max_value=money.LARGEST_MICROS))
def test_what_is_written_is_read_back(micros):
    assert money.parse(money.dollars(micros)) == micros
    assert money.parse(money.display(micros).replace("$", "").replace(",", "")) == micros


@given(st.text())
def test_parse_answers_or_says_why(text):
    try:
        assert abs(money.parse(text)) <= money.LARGEST_MICROS
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017  # either outcome is right
