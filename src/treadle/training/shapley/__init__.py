"""What each feature added to an answer; one file for each way to find out."""
