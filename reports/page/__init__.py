"""The report: one self-contained HTML file of one or more stores."""
