"""Everything that Trazo knows and does, without a screen."""
