"""Session state, cached functions and permissions."""
