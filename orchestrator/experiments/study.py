"""What can be asked of an experiment: read by the command line too, so it loads next to nothing.

Pure: no I/O, no clock, no chance.
"""

from enum import StrEnum

AT_ONCE = 2
"""Runs that are under way together, where nothing else is asked for."""


class Study(StrEnum):
    """The question that a cell helps to answer. One cell may serve several."""

    COMPARISON = "comparison"  #: The three modes, on every instance.
    SWEEP = "sweep"  #: From one agent to many, each with as many turns.
    ABLATION = "ablation"  #: Less and less of the state is shared.
    DISTANCE = "distance"  #: The shared state is further and further away.
