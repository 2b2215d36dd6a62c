"""Statistics from the rows: any selection of pages in any range, of one snapshot each."""
