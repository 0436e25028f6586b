"""The facts, documents and records that cross a service's border. Imports nothing but pydantic."""
