"""The pages, one file each, named as in the sidebar."""
