"""Around the triage: labelled messages from files, reports, the versions of the trained weights."""
