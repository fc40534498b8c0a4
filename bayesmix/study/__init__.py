"""A study of many loci from a card: its data, its model, what is called significant, and the folder of results."""
