"""Several machines on one: RabbitMQ nodes that hold the same streams, a primary and its standby."""
