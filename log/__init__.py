"""The log: the durable ordered record, the only truth. One folder a technology."""
