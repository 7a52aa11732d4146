"""Where a finding is written: in the project, in its packages' templates, in the response."""
