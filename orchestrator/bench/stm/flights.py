"""How many flights each shape of transaction takes, counted on the socket by a proxy."""

from orchestrator.bench.stm.proxy import RecordingProxy
from orchestrator.bench.stm.raw import address_of
from orchestrator.bench.stm.scene import Scene, Shape
from orchestrator.bench.stm.shapes import SHAPES


def count_all(url: str, space: str) -> list[dict[str, object]]:
    """Return a row for each shape, with the flights that were counted. Blocks for about 1 s."""
    return [_row(url, f"{space}-{index}", shape) for index, shape in enumerate(SHAPES)]


def _row(url: str, space: str, shape: Shape) -> dict[str, object]:
    tabled = " or ".join(map(str, shape.tabled))
    row: dict[str, object] = {"measurement": f"flights: {shape.name}", "tabled": tabled}
    with RecordingProxy(*address_of(url)) as proxy:
        scene = Scene(url, space, proxy, shape.engine)
        try:
            flights = shape.count(scene)
            scene.other.purge()
        finally:
            scene.close()
    return row | {"flights": flights, "held": flights in shape.tabled}
