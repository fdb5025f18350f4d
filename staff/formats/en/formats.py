"""How the admin writes moments: in UTC, to the second, and in an order that sorts."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i:s"
