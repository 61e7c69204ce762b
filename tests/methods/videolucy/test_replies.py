"""Facts about what is read of a language model's reply: whatever is around the object or in its texts, and what is refused."""

import pytest

from core.methods.videolucy.memory import Entry, Memory, Period, split
from core.methods.videolucy.replies import nearest, parsed, read_location, read_reply, read_survey, spans, truth

COARSE = split(0, 192, 64, 0)
MEMORY = Memory(tuple(Entry(one, "red ring") for one in COARSE))
FINE = Memory((*MEMORY.entries[:1], *(Entry(one, "red ring") for one in split(0, 64, 8, 1)), *MEMORY.entries[1:]))


@pytest.mark.parametrize(
    "text",
    [
        '{"Confidence": true, "Answer": "red", "Time Period": null}',
        'Sure! Here it is:\n```json\n{"Confidence": true, "Answer": "red", "Time Period": null}\n```\nAnything else?',
        "{'Confidence': True, 'Answer': 'red', 'Time Period': None}",
        "{'Confidence': true, 'Answer': 'red', 'Time Period': null}",
        '{"Confidence": true, "Answer": "red", "Time Period": null,}',
        "{“Confidence”: true, “Answer”: “red”, “Time Period”: null}",
        '{"confidence": true, "ANSWER": "red", " time period ": null}',
        'I think {the ring} is it\'s own answer: {"Confidence": true, "Answer": "red", "Time Period": null}',
        '{"Thought": {"why": "it is {red}"}} so {"Confidence": true, "Answer": "red", "Time Period": null}',
        '{"Confidence": false, "Answer": "blue"} no, wait: {"Confidence": true, "Answer": "red", "Time Period": null}',
        '{"Confidence": true, "Answer": "red", "Time Period": null} {"Note": "the end"}',
    ],
)
def test_the_last_object_with_a_wanted_key_is_read_whatever_is_around_it(text):
    found = parsed(text, ("Answer",))
    assert (found["confidence"], found["answer"], found["time period"]) == (True, "red", None)


@pytest.mark.parametrize(
    "written, answer",
    [
        ('"it is true that it\'s {red}, not }false{"', "it is true that it's {red}, not }false{"),
        ('"he said \\"null\\""', 'he said "null"'),
        ('"two\nlines"', "two\nlines"),
        ("'it is true, not null'", "it is true, not null"),
        ("'the ring's colour'", None),
    ],
)
def test_texts_may_hold_braces_quotes_and_the_words_of_json(written, answer):
    text = f'{{"Confidence": true, "Answer": {written}}}'
    if answer is None:
        with pytest.raises(ValueError):
            parsed(text, ("Answer",))
    else:
        assert parsed(text, ("Answer",))["answer"] == answer


@pytest.mark.parametrize("text", ["", "red", "{", "}{", "{red}", '{"Answer": "red"', '["red"]', "{" * 5000, '{"Other": 1}'])
def test_what_holds_no_such_object_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match="Answer"):
        parsed(text, ("Answer",))


def test_flags_and_spans_are_read_as_they_are_written():
    assert all(truth(one) for one in (True, 1, 0.9, "True", "yes.", "Sure"))
    assert not any(truth(one) for one in (False, 0, None, "false", "No", "not confident"))
    with pytest.raises(ValueError):
        truth("perhaps")
    for one in ([[0, 64]], [0, 64], "0-64 s", "from 0.0s to 64 s", {"start": 0, "end": 64}):
        assert spans(one) == ((0.0, 64.0),)
    assert spans(None) == () and spans([64, 0]) == () and spans("at the end") == ()
    assert spans([[0, 64], [128, 192]]) == ((0.0, 64.0), (128.0, 192.0))


def test_a_span_means_the_period_that_it_shares_most_with():
    assert nearest((0, 60), COARSE) == COARSE[0] and nearest((60, 130), COARSE) == COARSE[1]
    assert nearest((8, 16), FINE.periods) == Period(8, 16, 1)
    assert nearest((500, 600), COARSE) is None and nearest((0, 1), ()) is None


def test_the_three_contracts():
    found = read_survey('{"Flag": false, "Time Period": [[64, 128], [0, 64], [128, 192]]}', "q", MEMORY, 2)
    assert not found.whole and found.periods == (COARSE[1], COARSE[0])
    assert read_survey('{"Flag": false, "Time Period": []}', "q", MEMORY, 2).whole  # nothing is named: all are needed

    there = read_location('{"Time Period": [0, 60], "Instruction": "the number"}', "q", MEMORY, ())
    assert (there.period, there.instruction) == (COARSE[0], "the number")
    again = read_location('{"Time Period": [0, 64], "Instruction": null}', "q", FINE, (COARSE[0],))
    assert again.period == Period(0, 8, 1) and again.instruction == ""  # what was searched is not searched again
    with pytest.raises(ValueError, match="128–192 s"):
        read_location('{"Time Period": [900, 999]}', "q", MEMORY, COARSE[:2])

    reply = read_reply('{"Confidence": "yes", "Answer": 4, "Time Period": "8-16", "Reason": "seen"}', "q", FINE)
    assert (reply.answer, reply.confident, reply.period, reply.reason) == ("4", True, Period(8, 16, 1), "seen")
    assert not read_reply('{"Confidence": true, "Answer": "red"}', "q", FINE, forced=True).confident
    with pytest.raises(ValueError, match="no answer"):
        read_reply('{"Confidence": true, "Answer": null}', "q", FINE)
