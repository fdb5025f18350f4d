"""`manage.py demo`: the whole platform on one machine, from one command.

options      what was asked for, and what follows from it
preflight    refusals before anything is started
database     the embedded PostgreSQL, started and stopped
prepare      (a process of its own) migrations, demo data, a task for the workers
seed         the demo data
credentials  logins and API key, made once per data folder
heartbeat    the task that shows that a worker works
parts        the processes, how they are started, and how one sees that they answer
processes    what the operating system offers to leave no process behind
supervisor   starts the parts, watches them, stops them
trip_plan    the walkthrough's jobs
expectations what they must cost, from the reference's price table
walkthrough  plays the jobs as a client would
wire         HTTP for the above
"""
