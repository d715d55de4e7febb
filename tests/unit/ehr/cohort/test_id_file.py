"""A file of people: what is read of it, and what is refused by its line and never by its value."""

import pytest

from service.ehr.cohort.id_file import IdFileUnusable, read_id_file

MRN = "urn:oid:1.2.3"


@pytest.fixture
def read(tmp_path):
    def read(text, system="", encoding="utf-8"):
        path = tmp_path / "people"
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return [(one.line, one.system, one.value) for one in read_id_file(str(path), system)]

    return read


def refused(read, text, system=""):
    with pytest.raises(IdFileUnusable) as error:
        read(text, system)
    return str(error.value)


# What is read


def test_a_single_column_without_a_system_holds_fhir_ids(read):
    assert read("a1\nb-2\n") == [(1, "", "a1"), (2, "", "b-2")]


def test_a_single_column_with_a_system_holds_record_numbers(read):
    assert read("00123\n00456\n", MRN) == [(1, MRN, "00123"), (2, MRN, "00456")]


@pytest.mark.parametrize("header", ["id", "fhir_id", "FHIR_ID", "patient_id", "patient"])
def test_a_header_names_the_column_of_fhir_ids(read, header):
    assert read(f"name,{header}\nsomebody,a1\n", MRN) == [(2, "", "a1")]


@pytest.mark.parametrize("header", ["mrn", "MRN", "identifier", "value"])
def test_a_header_names_the_column_of_record_numbers(read, header):
    assert read(f"{header},ward\n7,x\n", MRN) == [(2, MRN, "7")]


def test_a_system_in_its_own_column_wins(read):
    assert read("mrn,system\n7,urn:other\n8,\n", MRN) == [(2, "urn:other", "7"), (3, MRN, "8")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_usual_delimiter_is_understood(read, delimiter):
    assert read(f"mrn{delimiter}ward\n7{delimiter}x\n", MRN) == [(2, MRN, "7")]


def test_a_reference_is_an_id_even_among_record_numbers(read):
    assert read("Patient/a1\n7\n", MRN) == [(1, "", "a1"), (2, MRN, "7")]


def test_a_byte_order_mark_is_no_part_of_the_first_id(read):
    assert read("a1\n", encoding="utf-8-sig") == [(1, "", "a1")]


def test_blank_lines_and_comments_are_passed_over_and_counted(read):
    assert read("# people of the clinic\n\na1\n   \n  # more\nb2\n") == [
        (3, "", "a1"),
        (6, "", "b2"),
    ]


def test_windows_line_ends_are_no_part_of_an_id(read):
    assert read("a1\r\nb2\r\n") == [(1, "", "a1"), (2, "", "b2")]


def test_quotes_and_blanks_around_a_value_are_no_part_of_it(read):
    assert read('mrn\n" 7 "\n', MRN) == [(2, MRN, "7")]


def test_somebody_who_is_named_twice_is_one_person_of_the_first_line(read):
    assert read("a1\nb2\nPatient/a1\n") == [(1, "", "a1"), (2, "", "b2")]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"id": "a1"}', ("", "a1")),
        ('{"resourceType": "Patient", "id": "a1"}', ("", "a1")),
        ('{"reference": "Patient/a1"}', ("", "a1")),
        ('{"mrn": "00123"}', (MRN, "00123")),
        ('{"identifier": "7", "system": "urn:other"}', ("urn:other", "7")),
        ('{"mrn": 7}', (MRN, "7")),
    ],
)
def test_ndjson_names_people_in_the_same_words(read, line, found):
    assert read(line + "\n", MRN) == [(1, *found)]


# What is refused


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("1.23457E+11", "scientific notation"),
        ("1,23457E+11", "scientific notation"),
        ("12E+10", "scientific notation"),
        ("12345.0", "decimal number"),
        ("'00123", "formula"),
        ("a|b", "no search can carry it"),
        ("a$b", "no search can carry it"),
        ("9" * 129, "no search can carry it"),
    ],
)
def test_a_ruined_record_number_is_refused_by_its_line_and_never_quoted(read, value, why):
    said = refused(read, f'mrn;ward\n00007;x\n"{value}";x\n', MRN)

    assert "line 3" in said
    assert why in said
    assert value not in said


def test_record_numbers_that_lost_their_zeros_are_refused(read):
    said = refused(read, "00123\n00456\n789\n", MRN)

    assert "line 3: it is shorter than others that begin with a zero" in said


def test_longer_record_numbers_beside_padded_ones_are_believed(read):
    assert len(read("00123\n123456\n", MRN)) == 2


def test_one_bad_line_costs_the_whole_file(read):
    assert "line 2: it is not the id of a FHIR Patient" in refused(read, "a1\nMara Muster\nb2\n")


def test_many_bad_lines_are_named_up_to_ten(read):
    said = refused(read, "\n".join(["no id!"] * 13))

    assert "lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 more" in said


def test_a_row_without_anybody_is_refused(read):
    assert "line 3: it names nobody" in refused(read, "mrn,ward\n7,x\n,y\n", MRN)


def test_a_row_with_more_columns_than_the_header_is_refused(read):
    assert "line 2: it has more columns" in refused(read, "mrn,ward\n7,x,y\n", MRN)


def test_several_columns_without_a_known_header_are_refused(read):
    assert "need a header" in refused(read, "pat,name\n7,x\n", MRN)


def test_record_numbers_without_any_system_are_refused(read):
    assert "BONEFLAG_COHORT_FILE_SYSTEM" in refused(read, "mrn\n7\n")


@pytest.mark.parametrize("line", ["{broken", "[1]", '"a1"'])
def test_a_line_of_ndjson_that_is_no_object_is_refused(read, line):
    assert "line 2: it is not a JSON object" in refused(read, f'{{"id": "a1"}}\n{line}\n')


@pytest.mark.parametrize("text", ["", "\n\n", "# nobody\n", "id\n"])
def test_a_file_that_names_nobody_is_refused(read, text):
    assert "names nobody" in refused(read, text)


def test_a_workbook_is_refused_with_what_to_do(read):
    assert "save it as CSV (UTF-8)" in refused(read, b"PK\x03\x04\xff\xfe\x00")


def test_a_file_that_is_not_there_is_refused_without_its_content():
    with pytest.raises(IdFileUnusable, match="cannot be read"):
        read_id_file("/nowhere/people.csv")
