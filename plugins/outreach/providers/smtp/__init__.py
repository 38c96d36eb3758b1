"""SMTP (RFC 5321): many pipelined connections to one mail server, driven by one thread."""
