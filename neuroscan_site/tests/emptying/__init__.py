"""An app of the test settings alone: how tests empty a database that refuses it."""
