"""What people read: summaries, pictures, analysis cards and the folders of results that these leave."""
