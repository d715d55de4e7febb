"""What a name may not be, and what may stand in no file."""

from __future__ import annotations

import re

from tests.lib.source_tree import HOME, project_files, python_modules

NOT_USED = set("rule engine manager handler processor helper util utils info data".split())
# Words of FHIR and of the specification stay, whatever they are made of.
KNOWN_TERMS = {"DataRequirement", "data_gap"}
# Too long to be read in one go, with the reason.
EXPLAINED: dict[str, str] = {
    "service/ehr/patient_search.py": "what a server shows of its manners is learned in one place",
    "service/settings.py": "a list: an operator looks for a setting in one place",
    "service/store/tables.py": "the ledger at one glance, without a line of logic",
}
MOST_LINES = 400
# Put together here, so that this file does not hold what it forbids.
PLACES = (
    "/" + "work/",
    "/" + "root/",
    "/" + "home/",
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry.npm" + "js",
    "repo1.mav" + "en.org",
    "repo.mav" + "en.apache.org",
    "--extra-index" + "-url",
)
NOT_TEXT = {".gz", ".png", ".jar", ".class", ".zip", ".whl"}


def _is_forbidden(name: str) -> bool:
    words = re.split(r"[_\W]+", name.lower())
    return bool(NOT_USED & {*words, *(word.removesuffix("s") for word in words)})


def test_no_module_is_named_by_a_word_that_says_nothing():
    named = {path.stem for path in python_modules("service", "workers", "scripts", "tests/lib")}
    assert not {name for name in named - KNOWN_TERMS if _is_forbidden(name)}


def test_no_class_is_named_by_a_word_that_says_nothing():
    for path in python_modules():
        for name in re.findall(r"^\s*class (\w+)", path.read_text("utf-8"), re.MULTILINE):
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
            assert name in KNOWN_TERMS or not _is_forbidden(words), (
                f"{path.relative_to(HOME)}: {name}"
            )


def test_no_file_names_a_place_on_somebodys_machine_or_a_registry():
    found = []
    for path in project_files():
        if path.suffix in NOT_TEXT:
            continue
        text = path.read_text("utf-8", errors="replace")
        found += [f"{path.relative_to(HOME)}: {place}" for place in PLACES if place in text]
    assert not found


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(HOME))
        for path in python_modules()
        if (text := path.read_text("utf-8").strip()) and not text.startswith(('"""', 'r"""'))
    ]
    assert not silent


def test_a_module_that_cannot_be_read_in_one_go_explains_itself():
    long = {
        str(path.relative_to(HOME))
        for path in python_modules()
        if len(path.read_text("utf-8").splitlines()) > MOST_LINES
    }
    assert long <= set(EXPLAINED)
