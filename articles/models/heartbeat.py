from django.db import models


class Heartbeat(models.Model):
    """When the worker's clock was last heard, or first asked for, and when its silence was last told of."""

    name = models.CharField(max_length=20, primary_key=True, default="clock")
    beat_at = models.DateTimeField()
    outage_told_at = models.DateTimeField(null=True, help_text="Null while all is well; one mail per outage.")

    def __str__(self):
        return f"{self.name} at {self.beat_at:%Y-%m-%d %H:%M:%S}"
