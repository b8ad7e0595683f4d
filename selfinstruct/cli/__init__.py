"""What people type and read. The only place that prints: data on stdout, progress on stderr."""
