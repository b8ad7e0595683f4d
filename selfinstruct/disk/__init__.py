"""Files that are whole when they exist, one writer at a time; people's files read by line."""
