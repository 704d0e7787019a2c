"""Flower's configuration: read by `celery flower --conf`, which runs it as a plain script.

It changes how an attempt is shown. Where Flower listens, and who may look, is said by its caller.
"""

import ast
from typing import Any

from flower.views.tasks import TASK_COLUMNS

# Not `started`: no message is held back, so that is when it was received. The rest fits a screen.
# `state` is Celery's word for the message; how the attempt ended is its result.
tasks_columns = "kwargs,result,state,received,runtime,worker,uuid"
TASK_COLUMNS["kwargs"] = "Attempt"
TASK_COLUMNS["result"] = "Ended"


def format_task(task: Any) -> Any:
    """Return a copy of the task whose arguments read `auth-7k3f9q search-0003 turn 2`."""
    try:
        order = ast.literal_eval(task.kwargs)
        task.kwargs = f"{order['swarm']} {order['agent']} turn {order['turn']}"
    except (ValueError, SyntaxError, TypeError, KeyError):
        pass  # another task, or arguments too long for an event: shown as they came
    return task
