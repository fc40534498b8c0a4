"""Pictures of a fit, each drawn from the table that answers its question, and how all of them look."""
