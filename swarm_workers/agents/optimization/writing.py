"""The code that an optimizer writes: the numbers of a turn, put into one of two programs.

Exploring is a Latin hypercube sample of the region, then a (1+1) evolution strategy from its best
point, whose step follows the one-fifth rule. Refining is differential evolution among the elites,
each in turn against a mix of others. Sources: M. D. McKay, R. J. Beckman, W. J. Conover, A
Comparison of Three Methods for Selecting Values of Input Variables, 1979; I. Rechenberg,
Evolutionsstrategie, 1973; R. Storn and K. Price, Differential Evolution, 1997.

Pure: no I/O, no clock; chance is an argument.
"""

from string import Template

from swarm_workers.agents.optimization.view import OptimizationView, SearchCode

_EXPLORE = Template('''"""Search one region: a Latin hypercube sample, then steps from its best."""
import random

chance = random.Random($seed)
low, high = $low, $high
evaluations = $evaluations
samples = max(1, evaluations // 2)
best, score = None, float("-inf")
columns = [chance.sample(range(samples), samples) for _ in low]
for row in zip(*columns):
    point = [a + (i + chance.random()) * (b - a) / samples for i, a, b in zip(row, low, high)]
    value = f(point)
    if best is None or value > score:
        best, score = point, value
step = 0.5 / samples ** (1 / len(low))
for _ in range(evaluations - samples):
    noise = [chance.gauss(0, step * (b - a)) for a, b in zip(low, high)]
    point = [min(b, max(a, v + n)) for v, n, a, b in zip(best, noise, low, high)]
    value = f(point)
    if value > score:
        best, score, step = point, value, step * 1.5
    else:
        step *= 1.5 ** -0.25
answer = [[-1, best, score]]
''')

_REFINE = Template('''"""Mix the elites: differential evolution, one elite at a time."""
import random

chance = random.Random($seed)
low, high = $low, $high
elites = $elites
changed = set()
for _ in range($evaluations):
    target = chance.randrange(len(elites))
    point, score = elites[target]
    (first, _s), (second, _s), (third, _s) = chance.sample(elites, 3)
    best = max(elites, key=lambda each: each[1])[0]
    weight, mixing = chance.uniform(0.4, 0.9), chance.choice((0.2, 0.9))
    base, lead = (point, best) if chance.random() < 0.5 else (first, first)
    kept = chance.randrange(len(low))
    trial = []
    for axis, (a, b) in enumerate(zip(low, high)):
        value = point[axis]
        if axis == kept or chance.random() < mixing:
            value = base[axis] + weight * (lead[axis] - base[axis] + second[axis] - third[axis])
            if not a <= value <= b:
                value = chance.uniform(a, b)
        trial.append(value)
    value = f(trial)
    if value > score:
        elites[target] = (trial, value)
        changed.add(target)
answer = [[index, *elites[index]] for index in sorted(changed)]
''')

_CLIMB = Template('''"""Climb from the best point that is known."""
import random

chance = random.Random($seed)
low, high = $low, $high
best, score = $best
step = $step
for _ in range($evaluations):
    noise = [chance.gauss(0, step * (b - a)) for a, b in zip(low, high)]
    point = [min(b, max(a, v + n)) for v, n, a, b in zip(best, noise, low, high)]
    value = f(point)
    if value > score:
        best, score, step = point, value, step * 1.5
    else:
        step *= 1.5 ** -0.25
answer = [[0, best, score]]
''')


def exploring(view: OptimizationView, seed: int) -> SearchCode:
    """Return the program that searches the view's region."""
    numbers = _numbers(view, seed) | {
        "low": repr(list(view.region.low)),
        "high": repr(list(view.region.high)),
    }
    return SearchCode(_EXPLORE.substitute(numbers))


def refining(view: OptimizationView, seed: int) -> SearchCode:
    """Return the program that looks for better points between the view's elites."""
    elites = [(list(each.point), each.score) for each in view.elites]
    return SearchCode(_REFINE.substitute(_numbers(view, seed), elites=repr(elites)))


def climbing(view: OptimizationView, seed: int, step: float) -> SearchCode:
    """Return the program that climbs from the best point: for views with few elites.

    Args:
        view: knows at least one elite.
        seed: the source of chance.
        step: the first step, as a part of the box.
    """
    assert view.best is not None, "there is no point to climb from"
    best = (list(view.best.point), view.best.score)
    return SearchCode(_CLIMB.substitute(_numbers(view, seed), best=repr(best), step=repr(step)))


def _numbers(view: OptimizationView, seed: int) -> dict[str, str]:
    return {
        "seed": str(seed),
        "low": repr(list(view.box.low)),
        "high": repr(list(view.box.high)),
        "evaluations": str(view.evaluations_max),
    }
