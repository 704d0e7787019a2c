"""A checker of histories: were these transactions as good as one after the other?"""
