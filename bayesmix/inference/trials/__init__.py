"""Trials of many entries, such as varieties: heritabilities, selection, and the table that breeders hand in."""
