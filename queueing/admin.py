"""The queue's own pages: what ran may be read; schedules are made in code only.

One schedule row with bad arguments stops them all.
"""

from django.contrib import admin
from django_q.models import OrmQ, Schedule

for model in (OrmQ, Schedule):
    if admin.site.is_registered(model):  # the queue's rows only with the ORM as broker
        admin.site.unregister(model)
