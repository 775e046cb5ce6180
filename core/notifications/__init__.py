"""What Upswing sends: a weekly e-mail with the report and the alerts, and a webhook with the alerts. The worker sends them (jobs.py)."""
