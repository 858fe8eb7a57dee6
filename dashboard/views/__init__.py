"""One file a page, named as in the sidebar."""
