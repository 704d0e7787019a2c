"""Every name that crosses a process: Redis keys, queues, tasks, files of the stack.

Redis keys. Everything of one swarm carries one hash tag, `{<swarm_id>}`, so that Redis Cluster
keeps a swarm on one shard. Only `swarm_workers.stm` reads and writes keys under a hash tag; the
streams are read by `swarm_workers.reporting`.

| key | type | meaning | expiry |
|---|---|---|---|
| `{<swarm>}:v:<name>` | string | a TVar: version header and JSON | none |
| `{<swarm>}:n:<name>` | string | a counter | none |
| `{<swarm>}:s:<name>`, `:q:<name>` | set, list | sets, queues | none |
| `{<swarm>}:m:<name>:<key>`, `:k:<name>` | string, set | one entry of a map; its keys | none |
| `{<swarm>}:c:<client>` | string | last commit of a client (exactly-once record) | 1 h |
| `{<swarm>}:gate` | string | the client whom all others let pass | 0.2 to 5 s |
| `{<swarm>}:t:<key>`, `:u:<key>` | list, string | token of a contended key; its name | s |
| `{<swarm>}:m:stm.statistics:<client>` | string | what its transactions cost | none |
| `{<swarm>}:x:outbox` | stream | reports on their way to Postgres | trimmed by the flush |
| `{<swarm>}:x:rejected` | stream | reports that Postgres cannot take, and why | newest 1000 |
| `swarm:active` | set | swarms whose outbox is to be flushed | none |
| `swarm:reported` | list | one element a report that the flush may find, at most 100 | none |
| `swarm:wake` | list | swarms that are worth a look of the refill, at most 100 | none |
| `swarm:workers` | hash | by worker: attempts it can run at once, and when it said so | none |
| `swarm:celery:*` | kombu's | the broker's own keys | kombu's |

Other names.

| name | what |
|---|---|
| `attempts` | the queue that workers take from |
| `swarm.attempt` | the task that runs one attempt |
| `report`, `postgres` | the field of an outbox entry; the consumer group that reads outboxes |
| `stack.json` | in the state folder: what `swarm up` started, and its addresses |
| `run/worker-{hostname}.ready` | in the state folder: see below |
| `main` | the branch that all agents of a swarm share |
"""

QUEUE_ATTEMPTS = "attempts"
TASK_ATTEMPT = "swarm.attempt"
OUTBOX_STREAM = "outbox"
OUTBOX_GROUP = "postgres"
OUTBOX_FIELD = "report"
REJECTED_STREAM = "rejected"
KEY_ACTIVE_SWARMS = "swarm:active"
KEY_WORKERS = "swarm:workers"
KEY_REPORTED = "swarm:reported"
KEY_WAKE = "swarm:wake"
BROKER_KEY_PREFIX = "swarm:celery:"
STACK_FILE = "stack.json"
WORKER_READY_FILE = "run/worker-{hostname}.ready"
"""In the state folder: there while the worker of that node name takes messages, touched by it."""
