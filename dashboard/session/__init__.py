"""A visitor's session: state, URL parameters, permission and sign-in; and cached functions."""
