"""The store of many machines: a ClickHouse server, or a cluster of them."""
