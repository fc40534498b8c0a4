"""The command line: arguments are read and results printed here; what is done stands in the rooms below."""
