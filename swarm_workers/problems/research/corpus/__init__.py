"""What can be read: documents that every machine has or a person names, and an index of them."""
