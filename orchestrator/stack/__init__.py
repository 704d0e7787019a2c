"""The embedded servers, the fleet's processes, and what checks them."""
