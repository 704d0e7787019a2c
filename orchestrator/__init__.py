"""One operator's process: launch, watch, stop, and keep the embedded stack."""
