"""What is printed: a page for each record, as text and as HTML, with its numbers and tables."""
