"""The log in RabbitMQ streams."""
