"""What can be worked on, each problem behind one interface."""
