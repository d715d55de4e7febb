from __future__ import annotations

from datetime import timedelta

from .builders import ATTEMPTS, MINUTE, NOW, begin, people

HOUR = timedelta(hours=1)


def hand_out(ledger, at=NOW, **options):
    batches = ledger.pending.hand_out(
        **({"batch_size": 50, "limit": 1000, "at": at, "handed_out_before": at} | options)
    )
    return [key for batch in batches for key in batch.patient_keys]


def test_people_are_handed_out_in_batches_of_one_run(ledger):
    keys = sorted(people(ledger, "p1", "p2", "p3", "p4", "p5"))
    first = begin(ledger, keys[:3])
    second = begin(ledger, keys[3:])
    batches = ledger.pending.hand_out(2, 1000, NOW, NOW)
    assert [(batch.run_id, len(batch.patient_keys)) for batch in batches] == [
        (first, 2),
        (first, 1),
        (second, 2),
    ]


def test_no_more_people_are_handed_out_than_asked_for(ledger):
    begin(ledger, people(ledger, "p1", "p2", "p3"))
    assert len(hand_out(ledger, limit=2)) == 2


def test_people_in_the_queue_are_not_handed_out_again(ledger):
    begin(ledger, people(ledger, "p1"))
    hand_out(ledger)
    assert hand_out(ledger, NOW + MINUTE, handed_out_before=NOW) == []


def test_people_whose_queue_was_emptied_are_handed_out_again(ledger):
    keys = people(ledger, "p1")
    begin(ledger, keys)
    hand_out(ledger)
    assert hand_out(ledger, NOW + MINUTE, handed_out_before=NOW + MINUTE) == keys


def test_somebody_whom_no_worker_survives_is_given_up_by_the_run(ledger):
    keys = people(ledger, "p1")
    run_id = begin(ledger, keys)
    rounds = [hand_out(ledger, NOW + n * HOUR) for n in range(ATTEMPTS + 1)]
    assert rounds == [keys] * ATTEMPTS + [[]]
    assert ledger.runs.is_reported(run_id)
    assert ledger.runs.get(run_id).given_up == 1


def test_a_failure_keeps_somebody_pending_until_the_pause_is_over(ledger):
    keys = people(ledger, "p1")
    run_id = begin(ledger, keys)
    hand_out(ledger)
    assert not ledger.pending.store_failure(keys[0], run_id, "EHRUnavailable", NOW + HOUR)
    assert hand_out(ledger, NOW + HOUR - MINUTE) == []
    assert hand_out(ledger, NOW + HOUR) == keys


def test_the_last_failure_in_a_run_gives_the_person_up(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    answers = []
    for _ in range(ATTEMPTS):
        hand_out(ledger)
        answers.append(ledger.pending.store_failure(key, run_id, "EHRRefused", NOW))
    assert answers == [False] * (ATTEMPTS - 1) + [True]
    assert ledger.runs.is_reported(run_id)
    assert ledger.pending.runs_of([key]) == {}


def test_a_failure_for_an_older_run_does_not_touch_the_newer(ledger):
    (key,) = people(ledger, "p1")
    old = begin(ledger, [key])
    begin(ledger, [key])
    ledger.pending.store_failure(key, old, "EHRUnavailable", NOW + HOUR)
    assert hand_out(ledger) == [key]


def test_somebody_given_up_is_taken_over_by_a_later_run_after_the_pause(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    for _ in range(ATTEMPTS):
        hand_out(ledger)
        ledger.pending.store_failure(key, run_id, "EHRUnavailable", NOW + HOUR)
        ledger.pending.hand_out(1, 1, NOW + HOUR, NOW + HOUR)
    later = begin(ledger)
    assert ledger.pending.take_over(later, NOW) == 0
    assert ledger.pending.take_over(later, NOW + HOUR) == 1
    assert hand_out(ledger) == [key]


def test_a_newer_run_takes_people_over_with_a_clean_slate(ledger):
    (key,) = people(ledger, "p1")
    old = begin(ledger, [key])
    hand_out(ledger)
    ledger.pending.store_failure(key, old, "EHRUnavailable", NOW + HOUR)
    new = begin(ledger, [key])
    assert hand_out(ledger) == [key]
    assert ledger.pending.runs_of([key]) == {key: new}


def test_an_older_run_never_takes_people_back(ledger):
    (key,) = people(ledger, "p1")
    old = begin(ledger)
    new = begin(ledger, [key])
    ledger.pending.mark(old, [key], NOW)
    assert ledger.pending.runs_of([key]) == {key: new}


def test_marking_somebody_again_for_the_same_run_changes_nothing(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    hand_out(ledger)
    ledger.pending.mark(run_id, [key], NOW)
    assert hand_out(ledger, handed_out_before=NOW) == []
    assert ledger.pending.count() == 1


def test_marking_nobody_is_no_mistake(ledger):
    run_id = begin(ledger, [])
    assert ledger.runs.is_reported(run_id)


def test_who_waits_longest_is_handed_out_first_also_by_a_newer_run(ledger):
    early, late = sorted(people(ledger, "p1", "p2"), reverse=True)
    begin(ledger, [early])
    run_id = ledger.runs.open("sweep", "shadow", "digest", NOW + HOUR)
    ledger.pending.mark(run_id, [early, late], NOW + HOUR)
    assert hand_out(ledger, NOW + 2 * HOUR) == [early, late]


# A run that reads its people itself


def test_people_who_are_marked_for_later_are_not_in_the_queue_before(ledger):
    keys = people(ledger, "p1")
    ledger.pending.mark(begin(ledger), keys, NOW, NOW + HOUR)
    assert hand_out(ledger, NOW + HOUR - MINUTE) == []
    assert hand_out(ledger, NOW + HOUR) == keys


def test_people_who_were_put_off_can_be_taken_by_their_run_all_the_same(ledger):
    keys = people(ledger, "p1")
    run_id = begin(ledger, keys)
    ledger.pending.put_off(run_id, keys, NOW + HOUR)
    assert ledger.pending.take(run_id, keys, NOW) == keys


def test_a_run_takes_nobody_who_waits_for_another(ledger):
    keys = people(ledger, "p1")
    older = begin(ledger, keys)
    begin(ledger, keys)
    assert ledger.pending.take(older, keys, NOW) == []


def test_somebody_who_was_taken_too_often_is_given_up_with_a_reason(ledger):
    keys = people(ledger, "p1")
    run_id = begin(ledger, keys)
    for _ in range(ATTEMPTS):
        assert ledger.pending.take(run_id, keys, NOW) == keys
    assert ledger.pending.take(run_id, keys, NOW) == []
    (person,) = ledger.watched.everybody()
    assert person.given_up == "no worker ever reported"


def test_whom_a_run_gives_up_it_waits_for_no_longer_and_a_later_run_takes_over(ledger):
    keys = people(ledger, "p1")
    run_id = begin(ledger, keys)
    ledger.pending.put_off(run_id, keys, NOW + HOUR)
    ledger.pending.give_up(run_id, keys, "not in the bulk export")
    assert ledger.runs.is_reported(run_id)
    assert ledger.pending.take_over(begin(ledger), NOW) == 1


def test_the_first_reason_why_somebody_was_given_up_stands(ledger):
    keys = people(ledger, "p1")
    run_id = begin(ledger, keys)
    ledger.pending.store_failure(keys[0], run_id, "ValueError", NOW)
    ledger.pending.give_up(run_id, keys, "not in the bulk export")
    (person,) = ledger.watched.everybody()
    assert person.given_up == "ValueError"


def test_whoever_is_forgotten_waits_for_this_run_no_longer(ledger):
    first, second = sorted(people(ledger, "p1", "p2"))
    run_id = begin(ledger, [first, second])
    ledger.pending.forget(run_id, [first])
    assert ledger.pending.waiting_for(run_id) == [second]


def test_nobody_is_forgotten_who_waits_for_a_newer_run(ledger):
    keys = people(ledger, "p1")
    older = begin(ledger, keys)
    newer = begin(ledger, keys)
    ledger.pending.forget(older, keys)
    assert ledger.pending.waiting_for(newer) == keys


def test_a_batch_of_which_no_worker_reported_comes_back_in_smaller_ones(ledger):
    begin(ledger, people(ledger, *(f"p{n}" for n in range(20))))
    sizes = []
    for minute in range(ATTEMPTS):
        at = NOW + minute * MINUTE
        batches = ledger.pending.hand_out(20, 100, at, at)
        sizes.append({len(batch.patient_keys) for batch in batches})
    assert sizes == [{20}, {2}, {1}]


def test_a_batch_that_was_put_off_comes_back_as_it_was(ledger):
    keys = people(ledger, "p1", "p2")
    run = begin(ledger, keys)
    ledger.pending.hand_out(20, 100, NOW, NOW)
    for key in keys:
        ledger.pending.store_failure(key, run, "EHR unavailable", NOW)
    assert len(ledger.pending.hand_out(20, 100, NOW + MINUTE, NOW)) == 1
