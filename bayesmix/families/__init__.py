"""The distributions that a response may have: one record for each family, related ones in one file."""
