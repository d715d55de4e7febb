"""The printed book is fresh and whole."""

from scripts.print_criteria import PAGE, page, specs


def test_the_printed_criteria_are_those_that_are_tested():
    assert PAGE.read_text("utf-8") == page(), "run scripts/print_criteria.py"


def test_every_example_of_the_specification_that_concerns_us_is_a_case():
    shown = {int(case.example) for spec in specs() for case in spec.cases if case.example}
    later = {6, 7, 31, 11}  # MSO-09, MSO-05 and MSO-07; 11 is the exposure's own test.
    assert set(range(1, 33)) - later <= shown


def test_no_two_cases_of_a_table_are_told_in_the_same_words():
    for spec in specs():
        told = [case.who for case in spec.cases]
        assert len(told) == len(set(told)), spec.title
