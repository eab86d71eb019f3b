"""The report: one HTML file that stands alone, of one store or several."""
