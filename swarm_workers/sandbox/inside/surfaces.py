"""Functions whose greatest value is looked for, as the sandbox and the worker compute them.

All are to be maximised: what the literature minimises is negated. Standard library only, Python 3.8
and newer. Pure.

Sources. Rastrigin: L. A. Rastrigin, Systems of Extremal Control, 1974, generalised by H. Mühlenbein
et al., 1991. Ackley: D. H. Ackley, A Connectionist Machine for Genetic Hillclimbing, 1987.
Schwefel: H.-P. Schwefel, Numerical Optimization of Computer Models, 1981; what lies outside of its
box is penalised as by J. J. Liang et al., Problem Definitions for the CEC 2013 Special Session on
Real-Parameter Optimization. Griewank: A. O. Griewank, Generalized Descent for Global Optimization,
1981. Levy: A. V. Levy and A. Montalvo, The Tunneling Algorithm for the Global Minimization of
Functions, 1985. Boxes and optima are those of S. Surjanovic and D. Bingham, Virtual Library of
Simulation Experiments, 2013.
"""

from __future__ import annotations

import math
from typing import Callable, Dict, NamedTuple, Sequence

Function = Callable[[Sequence[float]], float]


class Form(NamedTuple):
    """A function as it is published."""

    function: Function
    low: float
    high: float
    """Each coordinate lies between these."""
    optimum: float
    """Each coordinate of the point where it is greatest; NaN if they differ."""


def ridges(x: Sequence[float]) -> float:
    """Return sin x · cos y · sin z and a bump of height 1 at (2, 3, 1)."""
    a, b, c = x
    bump = math.exp(-((a - 2.0) ** 2) - (b - 3.0) ** 2 - (c - 1.0) ** 2)
    return math.sin(a) * math.cos(b) * math.sin(c) + bump


def rastrigin(x: Sequence[float]) -> float:
    """Return the negated Rastrigin function: a bowl with a bump at each whole number."""
    return -10.0 * len(x) - sum(v * v - 10.0 * math.cos(2.0 * math.pi * v) for v in x)


def ackley(x: Sequence[float]) -> float:
    """Return the negated Ackley function: a plain with many bumps and one steep peak."""
    count = len(x)
    root = math.sqrt(sum(v * v for v in x) / count)
    waves = sum(math.cos(2.0 * math.pi * v) for v in x) / count
    return 20.0 * math.exp(-0.2 * root) + math.exp(waves) - 20.0 - math.e


def schwefel(x: Sequence[float]) -> float:
    """Return the negated Schwefel function: its second-best peak is far away from the best."""
    total = 0.0
    for v in x:
        inside = max(-500.0, min(500.0, v))
        total += inside * math.sin(math.sqrt(abs(inside)))
        total -= (v - inside) ** 2 / (10_000.0 * len(x))
    return total - 418.9828872724338 * len(x)


def griewank(x: Sequence[float]) -> float:
    """Return the negated Griewank function: a wide bowl with thousands of bumps."""
    waves = 1.0
    for place, v in enumerate(x, start=1):
        waves *= math.cos(v / math.sqrt(place))
    return waves - 1.0 - sum(v * v for v in x) / 4000.0


def levy(x: Sequence[float]) -> float:
    """Return the negated Levy function: narrow valleys along the axes."""
    w = [1.0 + (v - 1.0) / 4.0 for v in x]
    total = math.sin(math.pi * w[0]) ** 2
    for v in w[:-1]:
        total += (v - 1.0) ** 2 * (1.0 + 10.0 * math.sin(math.pi * v + 1.0) ** 2)
    return -total - (w[-1] - 1.0) ** 2 * (1.0 + math.sin(2.0 * math.pi * w[-1]) ** 2)


FORMS: Dict[str, Form] = {
    "ridges": Form(ridges, 0.0, 5.0, math.nan),
    "rastrigin": Form(rastrigin, -5.12, 5.12, 0.0),
    "ackley": Form(ackley, -32.768, 32.768, 0.0),
    "schwefel": Form(schwefel, -500.0, 500.0, 420.9687462275036),
    "griewank": Form(griewank, -600.0, 600.0, 0.0),
    "levy": Form(levy, -10.0, 10.0, 1.0),
}


def moved(form: Form, shift: Sequence[float]) -> Function:
    """Return the function with its optimum moved by `shift`; outside of its box it is -inf."""
    function, low, high = form.function, form.low, form.high

    def value(x: Sequence[float]) -> float:
        if len(x) != len(shift) or not all(low <= v <= high for v in x):
            return -math.inf
        return function([v - s for v, s in zip(x, shift)])

    return value
