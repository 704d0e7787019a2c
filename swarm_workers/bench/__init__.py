"""What a worker can do in a second, measured on its real parts."""
