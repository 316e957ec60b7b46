"""What each object looks like when it is new: every key that the pinned version promises, and none that it lacks."""
