"""Sealed copies of the database: made by hand or every day, opened again to be sure, put back when they are needed."""
