"""What is read by people: summary, pictures, analysis cards and the folders of results they leave."""
