"""Instructions in words: what fits one thing of a cell and no other, in several languages."""
