"""Settings to adapters to services: the only place that builds anything."""
