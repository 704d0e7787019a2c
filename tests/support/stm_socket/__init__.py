"""What the STM library does on its socket: counted, and held back until a test lets it go."""
