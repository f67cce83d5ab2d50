"""Where a cloud is kept: the backend protocol, what implements it, and the endpoints that name one."""
