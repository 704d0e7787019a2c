"""The operation log: who wrote which operations, who has seen which, and how hubs exchange them."""
