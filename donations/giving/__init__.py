"""The givers' own pages: who is at the door, what they see, and what they change about their gifts."""
