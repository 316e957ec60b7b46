"""What a campaign's page for everyone tells besides how it stands: its months, and who agreed to be named."""
