"""A visitor's session: state, address parameters, permission; and cached functions."""
