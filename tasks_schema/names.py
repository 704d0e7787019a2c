"""Every name that crosses a process: Redis keys, queues, tasks, files of the stack.

Redis keys. Everything of one swarm carries one hash tag, `{<swarm_id>}`, so that Redis Cluster
keeps a swarm on one shard. Only `swarm_workers.stm` reads and writes keys under a hash tag.

| key | type | meaning | expiry |
|---|---|---|---|
| `{<swarm>}:v:<name>` | string | a TVar: version header and JSON | none |
| `{<swarm>}:h:<name>`, `:s:`, `:q:` | hash, set, list | counters, sets, queues | none |
| `{<swarm>}:c:<client>` | string | the last commit of one client (exactly-once record) | 1 h |
| `{<swarm>}:ev` | channel | names of the TVars that a commit wrote (wakes `retry`) | - |
| `{<swarm>}:x:outbox` | stream | reports of attempts on their way to Postgres | trimmed by the flush |
| `swarm:active` | set | swarms whose outbox is to be flushed | none |
| `swarm:celery:*` | kombu's | the broker's own keys | kombu's |
"""

QUEUE_ATTEMPTS = "attempts"
TASK_ATTEMPT = "swarm.attempt"
OUTBOX_STREAM = "outbox"
OUTBOX_GROUP = "postgres"
KEY_ACTIVE_SWARMS = "swarm:active"
BROKER_KEY_PREFIX = "swarm:celery:"
STACK_FILE = "stack.json"
BRANCH_SHARED = "main"
