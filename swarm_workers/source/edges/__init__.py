"""Which piece of code uses which: found statically, from the text alone."""
