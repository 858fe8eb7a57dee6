"""All of Trazo except its user interfaces."""
