"""What is printed: a page for each record, as text and as HTML, and how its numbers and tables are written."""
