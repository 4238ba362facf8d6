"""Songs against human music: metric vectors, comparisons, baselines, reports."""
