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
expectations what they must cost, by the reference, and what the statement must say
walkthrough  plays all of it, and checks every figure
purchases    its beginning and its end: credits bought, and refunded
shopper      the customer at a browser: signs up, makes a key, buys credits, reads the statement
client       the customer's program: the jobs, over the API
dashboard    the merchant at Stripe's dashboard: refunds
browser      a browser without JavaScript
page         what it shows: text, links, forms
wire         HTTP for programs
"""
