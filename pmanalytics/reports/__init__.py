"""Cards that a notebook shows, and the page that a notebook becomes."""
