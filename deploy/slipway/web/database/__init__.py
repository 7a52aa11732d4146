"""A PostgreSQL that is away for a moment: a request waits for it, and then gets a 503, never a 500.

away        which errors mean that the server is away; a wrong password, a missing database and SQL errors do not
outage      what the threads of a process know of it together: they wait 5 s in all for a new connection
next_password  another password, which is tried while `make rotate` changes it
middleware  a request's part of that time, and the 503
"""
