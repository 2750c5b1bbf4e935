"""What Jira exports: issues, histories and releases, and the projects made of them."""
