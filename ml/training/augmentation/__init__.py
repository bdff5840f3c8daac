"""Images changed as scanners, exports and readers change them."""
