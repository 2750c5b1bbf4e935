"""From a metric's table to a plotly figure whose title states the finding; nothing is computed."""
