"""What a survey of one landing still tells of a later one.

Pure: no I/O, no clock, no chance.
"""

from collections.abc import Collection

from swarm_workers.problems.code.warm import Survey


def still_true(survey: Survey, changed: Collection[str], red: Collection[str]) -> Survey:
    """Return the part of a survey that holds on a later landing.

    A test is run again if it runs through a changed file, if nothing is known of the lines that it
    runs, or if the success command says otherwise of it now: what runs while tests are collected
    shows in no test's lines.

    Args:
        survey: of the earlier landing.
        changed: files that differ between the two.
        red: the tests that the success command finds red on the later one.
    """
    files = set(changed)
    kept = {
        test: result
        for test, result in survey.tests.items()
        if test in survey.lines
        and not files & set(survey.lines[test])
        and result.outcome.is_red == (test in red)
    }
    return Survey(kept, {test: survey.lines[test] for test in kept}, {})
