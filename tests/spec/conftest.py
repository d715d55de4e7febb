"""Assertions in the book show their differences."""

import pytest

pytest.register_assert_rewrite("tests.spec.book", "tests.spec.stories.on_paper")
