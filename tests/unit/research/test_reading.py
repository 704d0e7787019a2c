from swarm_workers.agents.research.raising import raised
from swarm_workers.agents.research.sentences import answers, plain, sentences
from swarm_workers.agents.research.strategy import ResearchAgent, read
from swarm_workers.agents.research.view import FACTS_MAX, Claim, Finding, Reading
from swarm_workers.agents.research.words import asked, terms_of
from swarm_workers.problems.research.judging import CHARACTERS_MAX, fact_key, judge
from swarm_workers.protocols import Turn

TEXT = """\
Cancelling a task throws an exception into its
coroutine at the next chance. It may take until 3.5 seconds are all over.

>>> task.cancel()  # a task that is asked to cancel says True if it can still be cancelled.

A :class:`Task` that was told to cancel *may* refuse to.
"""


def reading(**change: object) -> Reading:
    known = {"topic": "tasks", "question": asked("how does a task cancel"), "source": "s"}
    return Reading(**(known | {"title": "Tasks", "text": TEXT} | change))  # type: ignore[arg-type]


def test_terms_are_the_beginnings_of_words_that_say_something() -> None:
    assert terms_of("How does asyncio cancel its tasks?") == ("asyncio", "cancel", "task")
    assert terms_of("queries, classes and boxes; a bus") == ("quer", "class", "box", "bus")
    assert terms_of("how is it that they do") == ()


def test_a_question_is_the_same_in_any_order_of_its_terms() -> None:
    assert asked("tasks and how they cancel").key == asked("Cancel a task?").key
    assert asked("cancel a task").key != asked("cancel a coroutine").key


def test_sentences_are_slices_of_the_text_and_leave_code_out() -> None:
    found = list(sentences(TEXT))
    assert all(each in TEXT for each in found)
    assert [" ".join(each.split())[:12] for each in found] == [
        "Cancelling a", "It may take ", "A :class:`Ta",
    ]  # fmt: skip


def test_an_answer_uses_two_terms_and_keeps_its_line_breaks() -> None:
    first, second = answers(TEXT, ("task", "cancel"))
    assert "into its\ncoroutine" in first
    assert plain(second) == "A Task that was told to cancel may refuse to."
    assert answers(TEXT, ("coroutine",)) == [first], "where there is one term, it is enough"
    assert answers(TEXT, ("ask", "cancel")) == [], "a term begins a word"


def test_what_is_known_is_not_stated_again() -> None:
    every = read(reading())
    known = frozenset(" ".join(each.quotation.split()) for each in every.claims[:1])
    assert read(reading(known=known)).claims == every.claims[1:]


def test_an_agent_with_nothing_to_read_proposes_nothing() -> None:
    turn = Turn("s", "researcher-0000", 0, 0, 1)
    assert list(ResearchAgent().propose(None, turn)) == []
    assert list(ResearchAgent().propose(reading(), turn)) == [read(reading())]


def test_new_questions_are_about_rare_words_that_nobody_asked_about() -> None:
    rarity = {"coroutine": 20, "exception": 10, "cancelling": 9}
    quotations = ["The coroutine gets an exception.", "A coroutine of a cancelling task."]
    found = raised(asked("task cancel"), quotations, rarity, [asked("task exception")])
    assert [(each.terms, each.depth) for each in found] == [(("task", "coroutine"), 1)]


def test_the_prompt_has_all_that_a_reader_needs() -> None:
    other = asked("what refuses a task")
    prompt = reading(known=frozenset({"It is known."}), open_questions=(other,)).as_prompt()
    for part in ("how does a task cancel", "It is known.", other.text, TEXT, "letter by letter"):
        assert part in prompt


def test_a_fact_counts_only_if_its_quotation_stands_in_the_source() -> None:
    good = answers(TEXT, ("task", "cancel"))[0]
    claims = (
        Claim("right", good),
        Claim("joined", " ".join(good.split())),
        Claim("changed", good.replace("throws", "puts")),
        Claim("besides the point", "It may take until 3.5 seconds are all over."),
        Claim("too short", "task"),
        Claim("", good),
    )
    judged = judge(Finding(claims), reading())
    assert [fact.statement for fact in judged.facts] == ["right"]
    assert judged.refused == 5


def test_one_reading_brings_no_more_than_it_may() -> None:
    text = "\n\n".join(
        f"A task may cancel itself in {n} different ways, or not." for n in range(40)
    )
    finding = read(reading(text=text))
    assert len(finding.claims) == FACTS_MAX
    many = Finding(finding.claims * 9, tuple(asked(f"task {n}th thing") for n in range(9)))
    judged = judge(many, reading(text=text))
    assert len(judged.facts) <= FACTS_MAX
    assert len(judged.questions) == 2
    long = Claim("x" * 9999, finding.claims[0].quotation)
    assert len(judge(Finding((long,)), reading(text=text)).facts[0].statement) == CHARACTERS_MAX


def test_a_fact_is_the_same_wherever_it_stands() -> None:
    assert fact_key("A task\n   may cancel.") == fact_key("a `task` may  CANCEL")
    assert fact_key("A task may cancel.") != fact_key("A task may not cancel.")
